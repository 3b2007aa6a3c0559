/** Grants in force, as last applied: they name the consumers that a webhook does not. */
import type { Kysely } from 'kysely';
import type { GrantFacts } from '../model/grant.ts';
import type { HomeName } from '../model/home.ts';
import type { OutputPortId, ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';
import type { Change } from './together.ts';

/** One grant in force. */
export interface GrantRecord {
  readonly consumer: ProductId;
  readonly outputPort: OutputPortId;
  readonly provider: ProductId;
}

/** A grant in force, with the home that it opens. */
export interface GrantInForce extends GrantFacts {
  /** `null`: its owner is not in our books. */
  readonly home: HomeName | null;
}

/** What a consumer may read, in order of the ports. */
export async function listGrantsOf(db: Kysely<Tables>, consumer: ProductId): Promise<GrantInForce[]> {
  const rows = await db
    .selectFrom('grant')
    .leftJoin('product', 'product.id', 'grant.provider')
    .select(['output_port', 'output_port_name', 'valid_until', 'home'])
    .where('consumer', '=', consumer)
    .orderBy('output_port')
    .execute();
  return rows.map((row) => ({
    outputPort: row.output_port,
    outputPortName: row.output_port_name,
    validUntil: row.valid_until,
    home: row.home as HomeName | null,
  }));
}

/** Who still has a grant whose last day was before this one (`YYYY-MM-DD`). */
export async function listExpired(db: Kysely<Tables>, day: string): Promise<ProductId[]> {
  const rows = await db
    .selectFrom('grant')
    .select('consumer')
    .distinct()
    .where('valid_until', '<', day)
    .execute();
  return rows.map((row) => row.consumer);
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
    // One statement, however many they are.
    .where((on) => {
      const some = on.fn.any(on.val([...products]));
      return on.or([on('provider', '=', some), on('consumer', '=', some)]);
    })
    .execute();
  return rows.map((row) => ({ consumer: row.consumer, outputPort: row.output_port, provider: row.provider }));
}

/** The consumer's grants are exactly these; one that was there keeps its `since`. Not made yet. */
export function grantChanges(
  db: Kysely<Tables>,
  consumer: ProductId,
  grants: readonly (GrantFacts & { readonly provider: ProductId })[],
  now: Date,
): readonly Change[] {
  const ports = grants.map((grant) => grant.outputPort);
  let outdated = db.deleteFrom('grant').where('consumer', '=', consumer);
  if (ports.length > 0) outdated = outdated.where('output_port', 'not in', ports);
  if (grants.length === 0) return [outdated];
  const inForce = db
    .insertInto('grant')
    .values(
      grants.map((grant) => ({
        consumer,
        output_port: grant.outputPort,
        provider: grant.provider,
        since: now,
        output_port_name: grant.outputPortName,
        valid_until: grant.validUntil,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['consumer', 'output_port']).doUpdateSet((row) => ({
        output_port_name: row.ref('excluded.output_port_name'),
        valid_until: row.ref('excluded.valid_until'),
      })),
    );
  return [outdated, inForce];
}
