/** The clock's book: which product is looked at again when. */
import { type Kysely, sql as raw } from 'kysely';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

/** When the product is looked at again (`null`: not before something happens) and how often it failed in a row. */
export function wakeChange(db: Kysely<Tables>, product: ProductId, at: Date | null, attempts: number) {
  if (at === null && attempts === 0) return db.deleteFrom('wake').where('product', '=', product);
  return db
    .insertInto('wake')
    .values({ product, at, attempts })
    .onConflict((conflict) => conflict.column('product').doUpdateSet({ at, attempts }));
}

/** When a product is looked at again by itself (`null`: not, or right now), and how many runs failed in a row. */
export interface Wake {
  readonly attempts: number;
  readonly at: Date | null;
}

export async function findWake(db: Kysely<Tables>, product: ProductId): Promise<Wake> {
  const row = await db
    .selectFrom('wake')
    .select(['attempts', 'at'])
    .where('product', '=', product)
    .executeTakeFirst();
  return row ?? { attempts: 0, at: null };
}

/** Products that failed are tried again within so many seconds, spread evenly, whatever their backoff said. */
export async function hastenFailed(db: Kysely<Tables>, now: Date, withinSeconds: number): Promise<void> {
  const soon = raw<Date>`cast(${now} as timestamptz) + random() * ${withinSeconds} * interval '1 second'`;
  await db.updateTable('wake').set({ at: soon }).where('attempts', '>', 0).execute();
}

/** The same of one product, at once. */
export async function hastenOne(db: Kysely<Tables>, product: ProductId, now: Date): Promise<void> {
  await db
    .updateTable('wake')
    .set({ at: now })
    .where('product', '=', product)
    .where('attempts', '>', 0)
    .execute();
}

/** A failed run is tried again within this (`nextTryMs`): a time that is further away was set by a clock that was wrong. */
const longestWaitMs = 61_000;

/** Products whose time has come, taken off the clock in the same statement. */
export async function takeDue(db: Kysely<Tables>, now: Date): Promise<ProductId[]> {
  const tooFar = new Date(now.getTime() + longestWaitMs);
  const rows = await db
    .updateTable('wake')
    .set({ at: null })
    .where((on) => on.or([on('at', '<=', now), on.and([on('attempts', '>', 0), on('at', '>', tooFar)])]))
    .returning('product')
    .execute();
  return rows.map((row) => row.product);
}
