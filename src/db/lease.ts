/** Claims of which one process at a time holds each: plain SQL, so that any engine that speaks it will do. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
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

/** What is done by one process at a time, and may take longer than a transaction should. */
export interface LeasedWork<T> {
  readonly name: string;
  /** It is free for the next one so long after the death of who has it, in milliseconds. */
  readonly leaseMs: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  readonly work: () => Promise<T>;
}

/** Waits for the lease, does the work and gives it free. Rejects when `signal` ends the waiting. */
export async function whileLeased<T>(db: Kysely<Tables>, options: LeasedWork<T>): Promise<T> {
  const { name, leaseMs, signal, work } = options;
  const holder = randomUUID();
  const claim = () => claimLease(db, name, holder, leaseMs);
  while (!(await claim())) await pause(leaseMs / 3, undefined, { signal });
  // One that can not be renewed may be taken by another: who works on is told by what they do to each other.
  const renewal = setInterval(() => void claim().catch(() => undefined), leaseMs / 3);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await releaseLease(db, name, holder).catch(() => undefined);
  }
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
