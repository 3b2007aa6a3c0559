/** The books on rollouts: which products try a new version of a template first, and how that went. */
import { type Kysely, sql as raw } from 'kysely';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

export type Stage = 'canary' | 'all' | 'stopped';

/** How a rollout stands. */
export interface RolloutRecord {
  readonly stage: Stage;
  readonly succeeded: number;
  readonly failed: number;
  /** Canaries whose outcome is to come. One that is gone, paused or in trouble before it tried is none of them. */
  readonly trying: number;
  /** What the product asked about is: `none` was not asked yet. */
  readonly role: 'canary' | 'unfit' | 'none';
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
    .leftJoin('product', 'product.id', 'rollout_canary.product')
    .select(['rollout_canary.product', 'outcome', canFollow(template).as('can_follow')])
    .where('rollout_canary.template', '=', template)
    .execute();
  const own = canaries.find((canary) => canary.product === product);
  return {
    stage: row.stage,
    succeeded: canaries.filter(({ outcome }) => outcome === 'succeeded').length,
    failed: canaries.filter(({ outcome }) => outcome === 'failed').length,
    trying: canaries.filter((canary) => canary.outcome === null && canary.can_follow).length,
    role: own === undefined ? 'none' : own.outcome === 'unfit' ? 'unfit' : 'canary',
  };
}

/** A product of this template that nothing keeps from following a new version. */
function canFollow(template: string) {
  return raw<boolean>`coalesce(
    product.state = 'live' and product.paused_at is null and split_part(product.template, '@', 1) = ${templateOf(template)}
      and coalesce(product.conditions->0->>'type', '') <> 'Degraded', false)`;
}

/** The id of a template, of `<id>@<version>`. */
export function templateOf(template: string): string {
  return template.slice(0, template.lastIndexOf('@'));
}

/**
 * Begins the rollout when there is none, and makes the product one of at most `most` canaries.
 *
 * @returns whether it is one
 */
export function joinCanaries(
  db: Kysely<Tables>,
  template: string,
  product: ProductId,
  most: number,
  now: Date,
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await begin(trx, template, now);
    // Locked, so that two products do not take the last place both.
    await trx
      .selectFrom('rollout')
      .select('stage')
      .where('template', '=', template)
      .forUpdate()
      .executeTakeFirst();
    const known = await readRollout(trx, template, product);
    if (known?.role === 'canary') return true;
    if (known !== null && placesTaken(known) >= most) return false;
    await note(trx, template, product, null);
    return true;
  });
}

/** Places of canaries that are taken. */
export function placesTaken({ succeeded, failed, trying }: RolloutRecord): number {
  return succeeded + failed + trying;
}

/** Begins the rollout when there is none, and remembers that the product is none of those that try it first. */
export async function noteUnfit(
  db: Kysely<Tables>,
  template: string,
  product: ProductId,
  now: Date,
): Promise<void> {
  await begin(db, template, now);
  await note(db, template, product, 'unfit');
}

async function begin(db: Kysely<Tables>, template: string, now: Date): Promise<void> {
  await db
    .insertInto('rollout')
    .values({ template, stage: 'canary', begun_at: now })
    .onConflict((conflict) => conflict.column('template').doNothing())
    .execute();
}

async function note(
  db: Kysely<Tables>,
  template: string,
  product: ProductId,
  outcome: 'unfit' | null,
): Promise<void> {
  await db
    .insertInto('rollout_canary')
    .values({ template, product, outcome })
    .onConflict((conflict) => conflict.columns(['template', 'product']).doUpdateSet({ outcome }))
    .execute();
}

/** Whether there may be another canary: a product that could follow, but was not asked yet. */
export async function hasUnasked(db: Kysely<Tables>, template: string): Promise<boolean> {
  const row = await db
    .selectFrom('product')
    .select('id')
    .where(canFollow(template))
    .where('template', '!=', template)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('rollout_canary')
            .select('rollout_canary.product')
            .whereRef('rollout_canary.product', '=', 'product.id')
            .where('rollout_canary.template', '=', template),
        ),
      ),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
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

/** Living products that were rendered from another version of the template than `<name>@<version>`. */
export async function listBehind(db: Kysely<Tables>, version: string): Promise<ProductId[]> {
  const rows = await db
    .selectFrom('product')
    .select('id')
    .where('state', '=', 'live')
    .where(raw`split_part(template, '@', 1)`, '=', templateOf(version))
    .where('template', '!=', version)
    .execute();
  return rows.map((row) => row.id);
}
