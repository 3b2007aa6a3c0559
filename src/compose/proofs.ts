/** Settings → what webhooks are held against, and a loud word where they are held against nothing. */
import type { Environment } from '../config/schema.ts';
import { type ProofSecrets, unprovenGenerations } from '../intake/proof.ts';
import type { Logger } from '../telemetry/logger.ts';

export function proofSecretsOf(env: Environment): ProofSecrets {
  return {
    v1: env.WEBHOOK_SECRET ?? [],
    tokens: env.WEBHOOK_V2_TOKEN ?? [],
    standard: env.WEBHOOK_V2_SECRET ?? [],
    allowUnsigned: env.PROV_ALLOW_UNSIGNED,
  };
}

export function announceUnproven(env: Environment, log: Logger): void {
  const generations = unprovenGenerations(proofSecretsOf(env));
  if (generations.length > 0)
    log.warn('webhooks are accepted WITHOUT ANY PROOF (PROV_ALLOW_UNSIGNED=true)', { generations });
}
