/** Deliveries and runs: what came in and what was done about it. */
import { type Kysely, sql as raw } from 'kysely';
import type { ErrorCode } from '../model/errors.ts';
import type { ProductId, RunId } from '../model/ids.ts';
import type { ActionRecord, Cause } from '../model/run.ts';
import type { Tables } from './tables.ts';

/** A delivery to be noted. */
export interface DeliveryRecord {
  readonly id: string;
  readonly receivedAt: Date;
  readonly generation: 'v1' | 'v2' | 'unknown';
  readonly event: string;
  readonly verdict: 'accepted' | 'ignored';
  readonly reason: string | null;
  readonly products: readonly ProductId[];
}

export async function insertDeliveries(
  db: Kysely<Tables>,
  deliveries: readonly DeliveryRecord[],
): Promise<void> {
  if (deliveries.length === 0) return;
  // Column by column: the same statement however many they are, so that it is planned once.
  await raw`
    insert into provisioner.delivery (id, received_at, generation, event, verdict, reason, products)
    select id, received_at, generation, event, verdict, reason, products from unnest(
      ${deliveries.map(({ id }) => id)}::uuid[],
      ${deliveries.map(({ receivedAt }) => receivedAt)}::timestamptz[],
      ${deliveries.map(({ generation }) => generation)}::text[],
      ${deliveries.map(({ event }) => event)}::text[],
      ${deliveries.map(({ verdict }) => verdict)}::text[],
      ${deliveries.map(({ reason }) => reason)}::text[],
      ${deliveries.map(({ products }) => JSON.stringify(products))}::jsonb[]
    ) as delivery (id, received_at, generation, event, verdict, reason, products)`.execute(db);
}

/** A finished run to be noted. */
export interface RunRecord {
  readonly id: RunId;
  readonly product: ProductId;
  readonly cause: Cause;
  readonly startedAt: Date;
  readonly ms: number;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  readonly actions: readonly ActionRecord[];
}

export function runInsert(db: Kysely<Tables>, run: RunRecord) {
  return db.insertInto('run').values({
    id: run.id,
    product: run.product,
    cause: JSON.stringify(run.cause),
    started_at: run.startedAt,
    ms: run.ms,
    outcome: run.error === null ? 'succeeded' : 'failed',
    error_code: run.error?.code ?? null,
    error_message: run.error?.message ?? null,
    actions: JSON.stringify(run.actions),
  });
}

/** The products of a delivery; `null`: there is none of that id. */
export async function findDelivery(db: Kysely<Tables>, id: string): Promise<readonly ProductId[] | null> {
  const row = await db.selectFrom('delivery').select('products').where('id', '=', id).executeTakeFirst();
  return row?.products ?? null;
}

/** Deletes deliveries and runs older than an instant. */
export async function pruneHistory(db: Kysely<Tables>, before: Date): Promise<void> {
  await db.deleteFrom('delivery').where('received_at', '<', before).execute();
  await db.deleteFrom('run').where('started_at', '<', before).execute();
}

/** The newest delivery: when it came and what it said; `null` when there is none. */
export async function findLatestDelivery(
  db: Kysely<Tables>,
): Promise<{ readonly receivedAt: Date; readonly event: string } | null> {
  const row = await db
    .selectFrom('delivery')
    .select(['received_at', 'event'])
    .orderBy('received_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : { receivedAt: row.received_at, event: row.event };
}
