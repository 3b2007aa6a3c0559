/** Deliveries: which webhooks came, what was made of them, and which products they named. */
import { type Kysely, sql as raw } from 'kysely';
import type { Tables } from '../db/tables.ts';
import type { ProductId } from '../model/ids.ts';
import { type Page, type Slice, type TimeCursor, toPage } from './page.ts';

/** One received webhook; its body is not kept. */
export interface DeliveryLine {
  readonly id: string;
  readonly receivedAt: Date;
  readonly generation: 'v1' | 'v2' | 'unknown';
  readonly event: string;
  readonly verdict: 'accepted' | 'ignored';
  /** Why it was ignored. */
  readonly reason: string | null;
  /** Products that it named, or that our own grants added. */
  readonly products: readonly ProductId[];
}

/** A delivery with the names of its products, as far as our books know them. Its runs: `listRuns` by `delivery`. */
export interface DeliveryDetail extends DeliveryLine {
  readonly productNames: Readonly<Record<ProductId, string>>;
}

export interface DeliveryFilter {
  readonly verdict?: 'accepted' | 'ignored' | undefined;
  readonly product?: ProductId | undefined;
  /** Received at or after. */
  readonly from?: Date | undefined;
  /** Received before. */
  readonly until?: Date | undefined;
}

/** Newest first. */
export async function listDeliveries(
  db: Kysely<Tables>,
  filter: DeliveryFilter,
  { after, limit }: Slice<TimeCursor>,
): Promise<Page<DeliveryLine>> {
  let query = db.selectFrom('delivery').selectAll().orderBy('received_at', 'desc').orderBy('id', 'desc');
  if (filter.verdict !== undefined) query = query.where('verdict', '=', filter.verdict);
  if (filter.product !== undefined) {
    query = query.where(raw<boolean>`products @> cast(${JSON.stringify([filter.product])} as jsonb)`);
  }
  if (filter.from !== undefined) query = query.where('received_at', '>=', filter.from);
  if (filter.until !== undefined) query = query.where('received_at', '<', filter.until);
  if (after !== null) {
    query = query.where(raw<boolean>`(received_at, id) < (cast(${after[0]} as timestamptz), ${after[1]})`);
  }
  const rows = await query.limit(limit + 1).execute();
  return toPage(rows, limit, (row) => [row.received_at, row.id], toLine);
}

/** `null`: there is no such delivery, or it is no longer kept. */
export async function findDeliveryLine(db: Kysely<Tables>, id: string): Promise<DeliveryLine | null> {
  const row = await db.selectFrom('delivery').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toLine(row);
}

/** `null`: there is no such delivery, or it is no longer kept. */
export async function findDelivery(db: Kysely<Tables>, id: string): Promise<DeliveryDetail | null> {
  const delivery = await findDeliveryLine(db, id);
  if (delivery === null) return null;
  const named =
    delivery.products.length === 0
      ? []
      : await db
          .selectFrom('product')
          .select(['id', 'name'])
          .where('id', 'in', [...delivery.products])
          .execute();
  return {
    ...delivery,
    productNames: Object.fromEntries(named.map(({ id: product, name }) => [product, name])),
  };
}

function toLine(row: {
  readonly id: string;
  readonly received_at: Date;
  readonly generation: DeliveryLine['generation'];
  readonly event: string;
  readonly verdict: DeliveryLine['verdict'];
  readonly reason: string | null;
  readonly products: ProductId[];
}): DeliveryLine {
  const { received_at: receivedAt, ...same } = row;
  return { ...same, receivedAt };
}
