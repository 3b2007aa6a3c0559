/** Grants in force, as last applied: they name the consumers that a webhook does not. */
import type { Kysely } from 'kysely';
import type { OutputPortId, ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

/** One grant in force. */
export interface GrantRecord {
  readonly consumer: ProductId;
  readonly outputPort: OutputPortId;
  readonly provider: ProductId;
}

export async function listGrantsOf(db: Kysely<Tables>, consumer: ProductId): Promise<OutputPortId[]> {
  const rows = await db
    .selectFrom('grant')
    .select('output_port')
    .where('consumer', '=', consumer)
    .orderBy('output_port')
    .execute();
  return rows.map((row) => row.output_port);
}

/** Grants that touch any of the given products, from either side. */
export async function listGrantsAround(
  db: Kysely<Tables>,
  products: readonly ProductId[],
): Promise<GrantRecord[]> {
  if (products.length === 0) return [];
  const rows = await db
    .selectFrom('grant')
    .select(['consumer', 'output_port', 'provider'])
    .where((on) => on.or([on('provider', 'in', [...products]), on('consumer', 'in', [...products])]))
    .execute();
  return rows.map((row) => ({ consumer: row.consumer, outputPort: row.output_port, provider: row.provider }));
}

/** Makes the consumer's grants exactly these. */
export async function replaceGrants(
  db: Kysely<Tables>,
  consumer: ProductId,
  grants: readonly { readonly outputPort: OutputPortId; readonly provider: ProductId }[],
  now: Date,
): Promise<void> {
  const ports = grants.map((grant) => grant.outputPort);
  let outdated = db.deleteFrom('grant').where('consumer', '=', consumer);
  if (ports.length > 0) outdated = outdated.where('output_port', 'not in', ports);
  await outdated.execute();
  if (grants.length === 0) return;
  await db
    .insertInto('grant')
    .values(
      grants.map((grant) => ({
        consumer,
        output_port: grant.outputPort,
        provider: grant.provider,
        since: now,
      })),
    )
    .onConflict((conflict) => conflict.columns(['consumer', 'output_port']).doNothing())
    .execute();
}
