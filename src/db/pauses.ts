/** Pauses: of one product and of the whole estate. */
import type { Kysely } from 'kysely';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

/** Who paused everything, and since when. */
export interface EstatePause {
  readonly at: Date;
  readonly by: string;
}

export async function readEstatePause(db: Kysely<Tables>): Promise<EstatePause | null> {
  const row = await db.selectFrom('estate_pause').select(['at', 'by']).where('id', '=', 1).executeTakeFirst();
  return row ?? null;
}

/** Idempotent: the first word stays. `null` resumes. */
export async function setEstatePause(db: Kysely<Tables>, pause: EstatePause | null): Promise<void> {
  if (pause === null) {
    await db.deleteFrom('estate_pause').where('id', '=', 1).execute();
    return;
  }
  await db
    .insertInto('estate_pause')
    .values({ id: 1, ...pause })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** `by` null resumes. @returns whether there is such a product */
export async function setProductPause(
  db: Kysely<Tables>,
  product: ProductId,
  by: string | null,
  now: Date,
): Promise<boolean> {
  const result = await db
    .updateTable('product')
    .set({ paused_by: by, paused_at: by === null ? null : now, updated_at: now })
    .where('id', '=', product)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
