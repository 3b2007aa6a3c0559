/** The drift check's book: which products were compared longest ago. And the archive's: whose workspaces are there. */
import type { Kysely } from 'kysely';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

/** Living products that were not compared since an instant, the longest ago first; they count as compared from now on. */
export async function takeUnchecked(
  db: Kysely<Tables>,
  since: Date,
  now: Date,
  limit: number,
): Promise<ProductId[]> {
  const oldest = db
    .selectFrom('product')
    .select('id')
    .where('state', '=', 'live')
    // Nothing was compared in the future: a clock was wrong then.
    .where((on) =>
      on.or([on('checked_at', 'is', null), on('checked_at', '<', since), on('checked_at', '>', now)]),
    )
    .orderBy('checked_at', (order) => order.asc().nullsFirst())
    .limit(limit);
  const rows = await db
    .updateTable('product')
    .set({ checked_at: now })
    .where('id', 'in', oldest)
    .returning('id')
    .execute();
  return rows.map((row) => row.id);
}

export async function countLive(db: Kysely<Tables>): Promise<number> {
  const row = await db
    .selectFrom('product')
    .select((expression) => expression.fn.countAll().as('count'))
    .where('state', '=', 'live')
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** Workspaces that our books know to be in the archive: its folder's name → whose it is. */
export async function listArchives(
  db: Kysely<Tables>,
): Promise<ReadonlyMap<string, { readonly product: ProductId; readonly retired: boolean }>> {
  const rows = await db
    .selectFrom('product')
    .select(['id', 'archive', 'state'])
    .where('archive', 'is not', null)
    .execute();
  return new Map(
    rows.map(({ id, archive, state }) => [archive ?? '', { product: id, retired: state === 'retired' }]),
  );
}
