/** The brake's state: on or off, and since when and why. */
import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** Why the brake is on. */
export interface BrakeRecord {
  readonly engagedAt: Date;
  readonly reason: string;
}

export async function readBrake(db: Kysely<Tables>): Promise<BrakeRecord | null> {
  const row = await db.selectFrom('brake').selectAll().where('id', '=', 1).executeTakeFirst();
  return row === undefined ? null : { engagedAt: row.engaged_at, reason: row.reason };
}

/** Idempotent: the first reason stays. */
export async function engageBrake(db: Kysely<Tables>, reason: string, now: Date): Promise<void> {
  await db
    .insertInto('brake')
    .values({ id: 1, engaged_at: now, reason })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** Takes the brake off: every product that it holds may be torn down. Returns their ids. */
export async function releaseBrake(db: Kysely<Tables>): Promise<string[]> {
  return db.transaction().execute(async (trx) => {
    await trx.deleteFrom('brake').where('id', '=', 1).execute();
    const rows = await trx
      .updateTable('product')
      .set({ teardown_agreed: true })
      .where('state', '=', 'held')
      .returning('id')
      .execute();
    return rows.map((row) => row.id);
  });
}
