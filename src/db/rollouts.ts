/** The books on rollouts: which products try a new version of a template first, and how that went. */
import { type Kysely, sql as raw } from 'kysely';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

export type Stage = 'canary' | 'all' | 'stopped';

/** How a rollout stands. */
export interface RolloutRecord {
  readonly stage: Stage;
  readonly canaries: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Whether the product asked about is a canary. */
  readonly member: boolean;
}

/** `null`: none has begun for this version. */
export async function readRollout(
  db: Kysely<Tables>,
  template: string,
  product: ProductId,
): Promise<RolloutRecord | null> {
  const row = await db
    .selectFrom('rollout')
    .select('stage')
    .where('template', '=', template)
    .executeTakeFirst();
  if (row === undefined) return null;
  const canaries = await db
    .selectFrom('rollout_canary')
    .select(['product', 'outcome'])
    .where('template', '=', template)
    .execute();
  return {
    stage: row.stage,
    canaries: canaries.length,
    succeeded: canaries.filter(({ outcome }) => outcome === 'succeeded').length,
    failed: canaries.filter(({ outcome }) => outcome === 'failed').length,
    member: canaries.some((canary) => canary.product === product),
  };
}

/** Begins the rollout when there is none, and makes the product one of at most `most` canaries. @returns whether it is one */
export function joinCanaries(
  db: Kysely<Tables>,
  template: string,
  product: ProductId,
  most: number,
  now: Date,
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await trx
      .insertInto('rollout')
      .values({ template, stage: 'canary', begun_at: now })
      .onConflict((conflict) => conflict.column('template').doNothing())
      .execute();
    // Locked, so that two products do not take the last place both.
    await trx
      .selectFrom('rollout')
      .select('stage')
      .where('template', '=', template)
      .forUpdate()
      .executeTakeFirst();
    const canaries = await trx
      .selectFrom('rollout_canary')
      .select('product')
      .where('template', '=', template)
      .execute();
    if (canaries.some((canary) => canary.product === product)) return true;
    if (canaries.length >= most) return false;
    await trx.insertInto('rollout_canary').values({ template, product, outcome: null }).execute();
    return true;
  });
}

export async function noteCanary(
  db: Kysely<Tables>,
  template: string,
  product: ProductId,
  outcome: 'succeeded' | 'failed',
): Promise<void> {
  await db
    .updateTable('rollout_canary')
    .set({ outcome })
    .where('template', '=', template)
    .where('product', '=', product)
    .execute();
}

/** @returns whether that was not its stage already */
export async function setStage(
  db: Kysely<Tables>,
  template: string,
  stage: Stage,
  now: Date,
): Promise<boolean> {
  const row = await db
    .insertInto('rollout')
    .values({ template, stage, begun_at: now })
    .onConflict((conflict) =>
      conflict.column('template').doUpdateSet({ stage }).where('rollout.stage', '!=', stage),
    )
    .returning('template')
    .executeTakeFirst();
  return row !== undefined;
}

/** Living products of the template `name` that were rendered from another version than `<name>@<version>`. */
export async function listBehind(db: Kysely<Tables>, name: string, version: string): Promise<ProductId[]> {
  const rows = await db
    .selectFrom('product')
    .select('id')
    .where('state', '=', 'live')
    .where(raw`split_part(template, '@', 1)`, '=', name)
    .where('template', '!=', version)
    .execute();
  return rows.map((row) => row.id);
}
