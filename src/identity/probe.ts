/** What a store really does, shown at start with a principal that is thrown away: a policy is only as good as who keeps it. */
import type { PolicyDocument } from '../grants/policy.ts';
import { asProvisionerError } from '../model/errors.ts';
import type { AccessKey, Issuer, PrincipalName } from './issuer.ts';

/** What was seen. */
export interface Capabilities {
  /** `enforced`, or in words what the store allowed that the policy does not. */
  readonly policies: string;
  /** Whether a second key works beside the first: without it a rotation has no grace. */
  readonly secondKey: boolean;
}

export interface ProbeOptions {
  /** Opens one prefix that belongs to no product. */
  readonly policy: PolicyDocument;
  /** Shows with a key that it opens that prefix and nothing else; throws `PROOF_FAILED` when it does not. */
  readonly prove: (key: AccessKey) => Promise<void>;
}

/** The same at every start, so that what a killed probe left is used and removed by the next. */
const principal = 'dp-probe' as PrincipalName;

/** @throws ProvisionerError as `Issuer` does: then nothing was learned */
export async function probeStore(issuer: Issuer, { policy, prove }: ProbeOptions): Promise<Capabilities> {
  await removeProbe(issuer);
  try {
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, policy);
    const key = await issuer.createKey(principal, issuer.proposeKeyId(), policy);
    const policies = await prove(key).then(() => 'enforced', whatWasAllowed);
    return { policies, secondKey: await takesAnother(issuer, { policy, prove }) };
  } finally {
    await removeProbe(issuer);
  }
}

/** The store's answer when the proof did not hold; anything else is a failure of the probe. */
function whatWasAllowed(thrown: unknown): string {
  const error = asProvisionerError(thrown);
  if (error.code === 'PROOF_FAILED') return error.message;
  throw error;
}

async function takesAnother(issuer: Issuer, { policy, prove }: ProbeOptions): Promise<boolean> {
  if (issuer.kind.limits.keysPerPrincipal < 2) return false;
  const second = await issuer.createKey(principal, issuer.proposeKeyId(), policy);
  // What is wrong with the policies was seen with the first key: here it is about being let in at all.
  await prove(second).catch(whatWasAllowed);
  const { keys } = await issuer.observe(principal, { booked: [second.id], thorough: false });
  return issuer.kind.credentials === 'sessions' || keys.filter(({ active }) => active).length === 2;
}

async function removeProbe(issuer: Issuer): Promise<void> {
  const { keys, exists } = await issuer.observe(principal, { booked: [], thorough: false });
  for (const { id } of keys) await issuer.deleteKey(principal, id);
  if (exists || keys.length > 0) await issuer.deletePrincipal(principal);
}
