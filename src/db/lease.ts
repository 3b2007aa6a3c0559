/** Claims of which one process at a time holds each: plain SQL, so that any engine that speaks it will do. */
import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * Takes the lease, or renews it.
 *
 * @param until when it ends unless it is renewed
 * @returns whether the caller holds it now
 */
export async function claimLease(
  db: Kysely<Tables>,
  name: string,
  holder: string,
  now: Date,
  until: Date,
): Promise<boolean> {
  const row = await db
    .insertInto('lease')
    .values({ name, holder, until })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder, until })
        .where((on) => on.or([on('lease.holder', '=', holder), on('lease.until', '<', now)])),
    )
    .returning('holder')
    .executeTakeFirst();
  return row?.holder === holder;
}

/** Gives it free for the next one. */
export async function releaseLease(db: Kysely<Tables>, name: string, holder: string): Promise<void> {
  await db.deleteFrom('lease').where('name', '=', name).where('holder', '=', holder).execute();
}
