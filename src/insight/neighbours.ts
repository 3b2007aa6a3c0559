/** Who reads whom, as a graph: its edges, and where to begin looking. */
import { type Kysely, sql as raw } from 'kysely';
import type { Tables } from '../db/tables.ts';
import type { ProductId } from '../model/ids.ts';

/** The consumer reads the provider, through so many ports. */
export interface Edge {
  readonly consumer: ProductId;
  readonly provider: ProductId;
  readonly ports: number;
}

/** A product of the graph. */
export interface Node {
  readonly id: ProductId;
  readonly name: string;
  readonly state: string;
  readonly degraded: boolean;
}

/** Edges that touch any of the products, or all edges; the ones in force longest first, at most `limit`. */
export async function listEdges(
  db: Kysely<Tables>,
  around: readonly ProductId[] | 'all',
  limit: number,
): Promise<Edge[]> {
  if (around.length === 0) return [];
  let query = db
    .selectFrom('grant')
    .select((on) => ['consumer', 'provider', on.fn.countAll().as('ports')])
    .groupBy(['consumer', 'provider'])
    .orderBy(raw`min(since)`)
    .orderBy('consumer')
    .orderBy('provider')
    .limit(limit);
  if (around !== 'all')
    query = query.where((on) =>
      on.or([on('provider', 'in', [...around]), on('consumer', 'in', [...around])]),
    );
  const rows = await query.execute();
  return rows.map((row) => ({ ...row, ports: Number(row.ports) }));
}

/** Whether there are more grants than so many; cheaper than their number. */
export async function hasMoreGrants(db: Kysely<Tables>, than: number): Promise<boolean> {
  const row = await db.selectFrom('grant').select('provider').offset(than).limit(1).executeTakeFirst();
  return row !== undefined;
}

/** The products of these ids that our books know. */
export async function findNodes(db: Kysely<Tables>, ids: readonly ProductId[]): Promise<Node[]> {
  if (ids.length === 0) return [];
  return db
    .selectFrom('product')
    .select(['id', 'name', 'state'])
    .select(raw<boolean>`coalesce(conditions->0->>'type' = 'Degraded', false)`.as('degraded'))
    .where('id', 'in', [...ids])
    .execute();
}

/** Providers with the most readers. */
export async function listMostRead(
  db: Kysely<Tables>,
  limit: number,
): Promise<{ readonly provider: ProductId; readonly readers: number }[]> {
  const rows = await db
    .selectFrom('grant')
    .select((on) => ['provider', on.fn.countAll().as('readers')])
    .groupBy('provider')
    .orderBy('readers', 'desc')
    .orderBy('provider')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ provider: row.provider, readers: Number(row.readers) }));
}
