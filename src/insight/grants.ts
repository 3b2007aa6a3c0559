/** Who reads what, since when, why and until when. */
import { type Kysely, sql as raw } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../db/tables.ts';
import type { OutputPortId, ProductId } from '../model/ids.ts';
import { cursorOf, type Page, type Slice, toPage } from './page.ts';

/** One side of a grant. `name` and `home` are `null` for a product that our books do not know. */
export interface Party {
  readonly id: ProductId;
  readonly name: string | null;
  readonly home: string | null;
}

/** One grant in force: the consumer reads the provider's prefix. */
export interface GrantLine {
  readonly consumer: Party;
  readonly provider: Party;
  readonly outputPort: OutputPortId;
  /** Why: the approved input is of this port. `null`: recorded before names were; the next drift check tells. */
  readonly outputPortName: string | null;
  readonly since: Date;
  /** Last day (included) of the approval, `YYYY-MM-DD`; `null`: without end, or unknown when the name is. */
  readonly validUntil: string | null;
  /** When the consumer's key of today was last shown to read what it may and nothing else; `null`: it has none, or has to be shown again. */
  readonly keyProvenAt: Date | null;
}

export interface GrantFilter {
  readonly consumer?: ProductId | undefined;
  readonly provider?: ProductId | undefined;
}

const row = z.tuple([z.iso.datetime(), z.guid(), z.guid()]);
/** Cursor of the list of grants. */
export const GrantCursor = cursorOf(row);
export type GrantCursor = z.infer<typeof GrantCursor>;

/** Newest first. */
export async function listGrants(
  db: Kysely<Tables>,
  filter: GrantFilter,
  { after, limit }: Slice<GrantCursor>,
): Promise<Page<GrantLine>> {
  let query = db
    .selectFrom('grant as g')
    .leftJoin('product as c', 'c.id', 'g.consumer')
    .leftJoin('product as p', 'p.id', 'g.provider')
    .select(['g.consumer', 'g.provider', 'g.output_port', 'g.since'])
    .select(['g.output_port_name', 'g.valid_until'])
    .select(['c.name as consumer_name', 'c.home as consumer_home'])
    .select(['p.name as provider_name', 'p.home as provider_home'])
    .select((on) =>
      on
        .selectFrom('access_key as k')
        .whereRef('k.product', '=', 'g.consumer')
        .where('k.state', '=', 'current')
        .select((key) => key.fn.max('k.proven_at').as('at'))
        .as('proven_at'),
    )
    .orderBy('g.since', 'desc')
    .orderBy('g.consumer', 'desc')
    .orderBy('g.output_port', 'desc');
  if (filter.consumer !== undefined) query = query.where('g.consumer', '=', filter.consumer);
  if (filter.provider !== undefined) query = query.where('g.provider', '=', filter.provider);
  if (after !== null) {
    query = query.where(
      raw<boolean>`(g.since, g.consumer, g.output_port) < (cast(${after[0]} as timestamptz), ${after[1]}, ${after[2]})`,
    );
  }
  const rows = await query.limit(limit + 1).execute();
  return toPage(
    rows,
    limit,
    (each) => [each.since, each.consumer, each.output_port],
    (each): GrantLine => ({
      consumer: { id: each.consumer, name: each.consumer_name, home: each.consumer_home },
      provider: { id: each.provider, name: each.provider_name, home: each.provider_home },
      outputPort: each.output_port,
      outputPortName: each.output_port_name,
      since: each.since,
      validUntil: each.valid_until,
      keyProvenAt: each.proven_at,
    }),
  );
}
