/** An order: a change of our books, its line in the audit and the work that follows commit together, or none does. */
import type { Transaction } from 'kysely';
import { insertAudit } from '../db/audit.ts';
import type { Tables } from '../db/tables.ts';
import type { ProductId } from '../model/ids.ts';
import type { Cause } from '../model/run.ts';
import { actorOf } from './audit.ts';
import type { ReconcileParts } from './parts.ts';

export interface Order {
  /** As the audit names it. */
  readonly action: string;
  readonly target: string;
  /** The one product that it concerns. */
  readonly product?: ProductId;
  /** Of the order, and of the runs that it leads to. */
  readonly cause: Cause;
  /** Nobody waits for those runs. */
  readonly unhurried?: true;
  /** Changes our books. Resolves with the products to be looked at; `null`: the order can not be, nothing is noted. */
  readonly change: (trx: Transaction<Tables>) => Promise<readonly ProductId[] | null>;
}

/** @returns how many products will be looked at; `null`: the order can not be */
export async function carryOut(
  { database, queue, clock }: Pick<ReconcileParts, 'database' | 'queue' | 'clock'>,
  { action, target, product, cause, unhurried, change }: Order,
): Promise<number | null> {
  const done = await database.sql.transaction().execute(async (trx) => {
    const products = await change(trx);
    if (products === null) return null;
    const after = products.length === 0 ? null : { products: products.length };
    const entry = {
      at: clock(),
      actor: actorOf(cause),
      cause,
      product: product ?? null,
      run: null,
      action,
      target,
      after,
    };
    await insertAudit(trx, [entry]);
    const jobs = products.map((each) => ({ product: each, cause }));
    const woken = await queue.add(trx, unhurried === true ? { unhurried: jobs } : { reconcile: jobs });
    return { count: products.length, woken };
  });
  if (done === null) return null;
  queue.wake(done.woken);
  return done.count;
}
