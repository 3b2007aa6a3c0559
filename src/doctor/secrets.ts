/** How hard our own secrets are to guess; no value is ever shown. */
import type { Environment } from '../config/schema.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Public defaults of this project's compose file and of the stores it starts. */
const wellKnown = new Set([
  'compose-webhook-secret',
  'compose-webhook-token',
  'change-me-in-earnest',
  'a-long-random-secret',
  'a-long-random-token',
  'from-your-secret-store',
  'minioadmin',
  'rustfsadmin',
  'provisioneradmin',
  'changeme',
  'change-me',
  'password',
  'secret',
]);
const leastLength = 16;
/** Of a text's own distribution; 16 random hexadecimal digits have some 56. */
const leastBits = 48;

export function examineSecrets(env: Environment): readonly Finding[] {
  const secrets: Readonly<Record<string, readonly string[]>> = {
    WEBHOOK_SECRET: env.WEBHOOK_SECRET ?? [],
    WEBHOOK_V2_TOKEN: env.WEBHOOK_V2_TOKEN ?? [],
    WEBHOOK_V2_SECRET: env.WEBHOOK_V2_SECRET ?? [],
    PROV_METRICS_TOKEN: env.PROV_METRICS_TOKEN === undefined ? [] : [env.PROV_METRICS_TOKEN],
    S3_SECRET_KEY: [env.S3_SECRET_KEY],
    PORTAL_API_KEY: env.PORTAL_API_KEY === undefined ? [] : [env.PORTAL_API_KEY],
  };
  const findings = Object.entries(secrets).flatMap(([name, values]) => {
    const weak = values.map(weaknessOf).find((each) => each !== null);
    return weak === undefined || weak === null ? [] : [judge(name, weak)];
  });
  if (env.PROV_ALLOW_UNSIGNED)
    findings.push(
      warn(
        'webhooks are taken without proof (PROV_ALLOW_UNSIGNED=true): anybody who reaches us can have us look at products',
        'Set WEBHOOK_SECRET or WEBHOOK_V2_TOKEN here and in the portal, and take PROV_ALLOW_UNSIGNED away.',
      ),
    );
  return findings.length === 0
    ? [ok('none of our secrets is a known default, short, or repetitive')]
    : findings;
}

function judge(name: string, weak: Weakness): Finding {
  const todo =
    'Make another with `openssl rand -hex 32`; for webhooks both old and new can be set, comma separated, while it is changed.';
  return weak.known ? fail(`${name} is ${weak.words}`, todo) : warn(`${name} is ${weak.words}`, todo);
}

interface Weakness {
  readonly words: string;
  readonly known: boolean;
}

/** What makes the secret easy to guess; `null` = nothing that can be seen. */
export function weaknessOf(secret: string): Weakness | null {
  if (wellKnown.has(secret.toLowerCase())) return { words: 'a public default', known: true };
  if (secret.length < leastLength) return { words: `shorter than ${leastLength} characters`, known: false };
  if (bitsOf(secret) < leastBits) return { words: 'made of few different characters', known: false };
  return null;
}

/** Shannon's measure over the text's own characters, times its length: an upper bound of what there is to guess. */
function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - count * Math.log2(count / text.length), 0);
}
