/** What a store really does, shown at start with a principal that is thrown away: a policy is only as good as who keeps it. */
import type { PolicyDocument } from '../grants/policy.ts';
import { ProvisionerError } from '../model/errors.ts';
import type { AccessKey, Issuer, PrincipalName } from './issuer.ts';

/** What was seen. */
export interface Capabilities {
  /** `enforced`, or in words what the store allowed that the policy does not. */
  readonly policies: string;
  /** Whether a second key works beside the first: without it a rotation has no grace. */
  readonly secondKey: boolean;
}

export interface ProbeOptions {
  /** One for each place that probes: two probes of one name would delete each other's keys. */
  readonly principal: ProbeName;
  /** Opens one prefix that belongs to no product. */
  readonly policy: PolicyDocument;
  /**
   * Shows with a key that it opens that prefix and nothing else; throws `PROOF_FAILED` when it does not, with the fact
   * `opens`: `too much` or `too little`.
   */
  readonly prove: (key: AccessKey) => Promise<void>;
}

/** The same each time, so that what a killed probe left is used and removed by the next. */
export type ProbeName = 'dp-probe' | 'dp-probe-doctor';

/**
 * @throws ProvisionerError as `Issuer` does, or `PROOF_FAILED` when the store did not let the key in where its policy
 * does: then nothing was learned
 */
export async function probeStore(
  issuer: Issuer,
  { policy, prove, ...options }: ProbeOptions,
): Promise<Capabilities> {
  const principal = options.principal as string as PrincipalName;
  await removeProbe(issuer, principal);
  try {
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, policy);
    const key = await issuer.createKey(principal, issuer.proposeKeyId(), policy);
    const policies = await prove(key).then(() => 'enforced', whatWasAllowed);
    return { policies, secondKey: await takesAnother(issuer, principal, { policy, prove }) };
  } finally {
    await removeProbe(issuer, principal);
  }
}

/** What the store allowed beside the policy; anything else that was thrown says nothing about it. */
function whatWasAllowed(thrown: unknown): string {
  if (thrown instanceof ProvisionerError && thrown.facts.opens === 'too much') return thrown.message;
  throw thrown;
}

async function takesAnother(
  issuer: Issuer,
  principal: PrincipalName,
  { policy, prove }: Pick<ProbeOptions, 'policy' | 'prove'>,
): Promise<boolean> {
  if (issuer.kind.limits.keysPerPrincipal < 2) return false;
  const second = await issuer.createKey(principal, issuer.proposeKeyId(), policy);
  // What is wrong with the policies was seen with the first key: here it is about being let in at all.
  await prove(second).catch(whatWasAllowed);
  const { keys } = await issuer.observe(principal, { booked: [second.id], thorough: false });
  return issuer.kind.credentials === 'sessions' || keys.filter(({ active }) => active).length === 2;
}

async function removeProbe(issuer: Issuer, principal: PrincipalName): Promise<void> {
  const { keys, exists } = await issuer.observe(principal, { booked: [], thorough: false });
  for (const { id } of keys) await issuer.deleteKey(principal, id);
  if (exists || keys.length > 0) await issuer.deletePrincipal(principal);
}
