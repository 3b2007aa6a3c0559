/** How new versions of templates make their way to products. */
import { type Kysely, sql as raw } from 'kysely';
import { type Stage, templateOf } from '../db/rollouts.ts';
import type { Tables } from '../db/tables.ts';
import type { ProductId } from '../model/ids.ts';

/** The way of one version, `<id>@<version>`. */
export interface RolloutLine {
  readonly template: string;
  readonly stage: Stage;
  readonly begunAt: Date;
  /** Those who try it first; outcome `null`: still to come. */
  readonly canaries: readonly {
    readonly product: ProductId;
    readonly home: string | null;
    readonly outcome: 'succeeded' | 'failed' | null;
  }[];
  /** Living products whose files are of this version. */
  readonly following: number;
  /** Living products of the same template whose files are of another version. */
  readonly behind: number;
}

/** Older ones are history. */
const most = 50;

/** The newest 50, newest first. Versions that went to all at once have no rollout. */
export async function listRollouts(db: Kysely<Tables>): Promise<readonly RolloutLine[]> {
  const rollouts = await db
    .selectFrom('rollout')
    .select(['template', 'stage', 'begun_at'])
    .orderBy('begun_at', 'desc')
    .orderBy('template')
    .limit(most)
    .execute();
  return Promise.all(
    rollouts.map(async ({ template, stage, begun_at: begunAt }) => {
      const canaries = await db
        .selectFrom('rollout_canary')
        .leftJoin('product', 'product.id', 'rollout_canary.product')
        .select(['rollout_canary.product as product', 'home', 'outcome'])
        .where('rollout_canary.template', '=', template)
        .where(raw`coalesce(outcome, '')`, '!=', 'unfit')
        .orderBy('home')
        .execute();
      const { following = 0, behind = 0 } =
        (await db
          .selectFrom('product')
          .select([
            raw<number>`count(*) filter (where template = ${template})::int`.as('following'),
            raw<number>`count(*) filter (where template <> ${template})::int`.as('behind'),
          ])
          .where('state', '=', 'live')
          .where(raw`split_part(template, '@', 1)`, '=', templateOf(template))
          .executeTakeFirst()) ?? {};
      const told = canaries.map(({ product, home, outcome }) => ({
        product,
        home,
        outcome: outcome === 'unfit' ? null : outcome,
      }));
      return { template, stage, begunAt, canaries: told, following, behind };
    }),
  );
}
