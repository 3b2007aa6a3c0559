/** The brake's state: on or off, and since when and why. */
import type { Kysely, Transaction } from 'kysely';
import type { ProductId } from '../model/ids.ts';
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

/** The first reason stays. @returns whether it was off until now */
export async function engageBrake(db: Kysely<Tables>, reason: string, now: Date): Promise<boolean> {
  const row = await db
    .insertInto('brake')
    .values({ id: 1, engaged_at: now, reason })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Takes the brake off: every product that it holds may be torn down. Returns their ids. */
export async function releaseBrake(trx: Transaction<Tables>): Promise<ProductId[]> {
  await trx.deleteFrom('brake').where('id', '=', 1).execute();
  const rows = await trx
    .updateTable('product')
    .set({ teardown_agreed: true })
    .where('state', '=', 'held')
    .returning('id')
    .execute();
  return rows.map((row) => row.id);
}
