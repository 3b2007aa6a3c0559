/** Products that never got a home, so that they have no record: all that the books hold are their failed runs. */
import type { Kysely } from 'kysely';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

export interface HomelessProduct {
  readonly id: ProductId;
  /** What the last run failed with; empty when that is no longer kept. */
  readonly error: string;
  /** Its code in the catalogue; `null` when the run is no longer kept. */
  readonly code: string | null;
  /** Failed runs in a row. */
  readonly failures: number;
  readonly failedAt: Date | null;
  /** Nothing is tried again before the next resync. */
  readonly parked: boolean;
}

function selectHomeless(db: Kysely<Tables>) {
  return db
    .selectFrom('wake')
    .leftJoin('product', 'product.id', 'wake.product')
    .where('product.id', 'is', null)
    .where('attempts', '>', 0);
}

export async function countHomeless(db: Kysely<Tables>): Promise<number> {
  const row = await selectHomeless(db)
    .select((on) => on.fn.countAll().as('count'))
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** In a lasting order; all of them without a limit. */
export async function listHomeless(
  db: Kysely<Tables>,
  { limit, id }: { readonly limit?: number; readonly id?: ProductId } = {},
): Promise<HomelessProduct[]> {
  let query = selectHomeless(db)
    .leftJoinLateral(
      (from) =>
        from
          .selectFrom('run')
          .select(['error_message', 'error_code', 'started_at'])
          .whereRef('run.product', '=', 'wake.product')
          .orderBy('started_at', 'desc')
          .limit(1)
          .as('last'),
      (join) => join.onTrue(),
    )
    .select(['wake.product as id', 'wake.at', 'attempts'])
    .select(['last.error_message', 'last.error_code', 'last.started_at'])
    .orderBy('wake.product');
  if (id !== undefined) query = query.where('wake.product', '=', id);
  if (limit !== undefined) query = query.limit(limit);
  const rows = await query.execute();
  return rows.map((row) => ({
    id: row.id,
    error: row.error_message ?? '',
    code: row.error_code,
    failures: row.attempts,
    failedAt: row.started_at,
    parked: row.at === null,
  }));
}
