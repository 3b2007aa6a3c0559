/** Claims of which one process at a time holds each: plain SQL, so that any engine that speaks it will do. */
import { type Kysely, sql as raw, type Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * Takes the lease, or renews it. Its time is the database's: a process whose clock is wrong neither takes it from
 * another nor keeps it for days after its death.
 *
 * @param milliseconds how long it holds unless it is renewed
 * @returns whether the caller holds it now
 */
export async function claimLease(
  db: Kysely<Tables>,
  name: string,
  holder: string,
  milliseconds: number,
): Promise<boolean> {
  const until = raw<Date>`now() + ${milliseconds} * interval '1 millisecond'`;
  const row = await db
    .insertInto('lease')
    .values({ name, holder, until })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder, until })
        .where((on) => on.or([on('lease.holder', '=', holder), on('lease.until', '<', raw<Date>`now()`)])),
    )
    .returning('holder')
    .executeTakeFirst();
  return row?.holder === holder;
}

/** Gives it free for the next one. */
export async function releaseLease(db: Kysely<Tables>, name: string, holder: string): Promise<void> {
  await db.deleteFrom('lease').where('name', '=', name).where('holder', '=', holder).execute();
}

const nobody = '00000000-0000-0000-0000-000000000000';

/** Does the work in a transaction that no other process has open under the same name: they wait for its end. */
export function takeTurns<T>(
  db: Kysely<Tables>,
  name: string,
  work: (trx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (trx) => {
    const lock = trx.selectFrom('lease').select('name').where('name', '=', name).forUpdate();
    if ((await lock.executeTakeFirst()) === undefined) {
      await trx
        .insertInto('lease')
        .values({ name, holder: nobody, until: new Date(0) })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .execute();
      await lock.execute();
    }
    return work(trx);
  });
}
