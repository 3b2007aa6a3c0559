/**
 * Access with a last day ends with it by our own clock. Where the run does not come as far as the portal's word - it is
 * away, or says what we do not understand - by our own books: only ever less than before, whatever else has to wait.
 */
import { noteUnproven } from '../db/access-keys.ts';
import { type GrantInForce, listExpired } from '../db/grants.ts';
import type { ProductRecord } from '../db/products.ts';
import { dayOf, isOver } from '../grants/granted.ts';
import { assemblePolicy, samePolicy } from '../grants/policy.ts';
import { principalNameOf } from '../identity/issuer.ts';
import { describeAction } from '../model/action.ts';
import { asProvisionerError } from '../model/errors.ts';
import { homesOf } from '../model/grant.ts';
import type { Books } from './observe.ts';
import { noteAction, nothingToDo, type Outcome, type Run } from './outcome.ts';
import type { ReconcileParts } from './parts.ts';
import { whyPaused } from './pause.ts';

/** @returns to be called now and then: has those looked at whose access ended with a day */
export function watchEnds({ queue, database, clock }: Pick<ReconcileParts, 'queue' | 'database' | 'clock'>) {
  let seen = '';
  return async (): Promise<void> => {
    const day = dayOf(clock().getTime());
    if (day === seen) return;
    const expired = await listExpired(database.sql, day);
    const cause = { kind: 'clock', why: 'the last day of an approval is over' } as const;
    await queue.reconcile(expired.map((product) => ({ product, cause })));
    seen = day;
  };
}

/** What it needs of all parts. */
export type ExpiryParts = Pick<
  ReconcileParts,
  'breakers' | 'clock' | 'database' | 'estate' | 'findIssuer' | 'log' | 'metrics'
> & { readonly settings: Pick<ReconcileParts['settings'], 'bucket'> };

/** Never throws: the run has failed already, and is tried again. @returns what it did, for the run's record */
export async function endExpired(
  parts: ExpiryParts,
  books: Books,
  run: Run,
): Promise<Pick<Outcome, 'actions' | 'audit'>> {
  const { record, grants } = books;
  const nowMs = parts.clock().getTime();
  if (!grants.some((grant) => isOver(grant, nowMs))) return nothingToDo;
  if (record?.state !== 'live' || whyPaused(parts.estate, record) !== null) return nothingToDo;
  if (parts.breakers.some(({ code, open }) => code === 'STORE_UNAVAILABLE' && open)) return nothingToDo;
  try {
    const staying = grants.filter((grant) => !isOver(grant, nowMs));
    return await narrow(parts, { ...books, record }, staying, run);
  } catch (thrown) {
    const { code, message } = asProvisionerError(thrown);
    parts.log.error('access that is over could not be ended', { code, error: message });
    return nothingToDo;
  }
}

/** The grants stay in our books: the next run that succeeds sees by them that access changed, and makes a new key. */
async function narrow(
  parts: ExpiryParts,
  { record: { id, home }, keys }: Pick<Books, 'keys'> & { readonly record: ProductRecord },
  staying: readonly GrantInForce[],
  run: Run,
): Promise<Pick<Outcome, 'actions' | 'audit'>> {
  const started = performance.now();
  const issuer = await parts.findIssuer();
  const principal = principalNameOf(id);
  // Keys of a kind that is not given any more are narrowed, too.
  const booked = keys.map((key) => key.id);
  const found = await issuer.observe(principal, { booked, thorough: false });
  const inputs = homesOf(staying);
  const policy = assemblePolicy(parts.settings.bucket, home, inputs);
  // Without a policy there is nothing to narrow: sessions of the platform's role keep theirs to their end.
  if (!found.exists || found.policy === null || samePolicy(policy, found.policy)) return nothingToDo;
  await noteUnproven(parts.database.sql, id);
  await issuer.putPolicy(principal, policy, found.policy);
  const ms = performance.now() - started;
  const description = describeAction({ kind: 'put-policy', inputs });
  const action = { kind: 'put-policy', description, startMs: 0, ms, outcome: 'done' } as const;
  noteAction(parts, action);
  const entry = { at: parts.clock(), actor: 'provisioner', cause: run.cause, product: id, run: run.id };
  const change = { before: { policy: found.policy }, after: { policy } };
  return { actions: [action], audit: [{ ...entry, action: 'put-policy', target: '', ...change }] };
}
