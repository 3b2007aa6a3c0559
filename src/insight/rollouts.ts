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
  if (rollouts.length === 0) return [];
  const [canaries, living] = await Promise.all([listCanaries(db, rollouts), countLiving(db)]);
  return rollouts.map(({ template, stage, begun_at: begunAt }) => {
    const following = living.get(template) ?? 0;
    const all = [...living].filter(([version]) => templateOf(version) === templateOf(template));
    return {
      template,
      stage,
      begunAt,
      canaries: canaries
        .filter((canary) => canary.template === template)
        .map(({ product, home, outcome }) => ({
          product,
          home,
          outcome: outcome === 'unfit' ? null : outcome,
        })),
      following,
      behind: all.reduce((sum, [, count]) => sum + count, 0) - following,
    };
  });
}

/** Those that are not at their end: the newest of each template, while products are behind. */
export async function listRolloutsUnderWay(db: Kysely<Tables>): Promise<readonly RolloutLine[]> {
  const seen = new Set<string>();
  return (await listRollouts(db)).filter(({ template, stage, following, behind }) => {
    const id = templateOf(template);
    if (seen.has(id)) return false;
    seen.add(id);
    // One that went to all and that nobody has any more was followed by a version without a rollout.
    return behind > 0 && (stage !== 'all' || following > 0);
  });
}

function listCanaries(db: Kysely<Tables>, rollouts: readonly { readonly template: string }[]) {
  return db
    .selectFrom('rollout_canary')
    .leftJoin('product', 'product.id', 'rollout_canary.product')
    .select(['rollout_canary.template', 'rollout_canary.product as product', 'home', 'outcome'])
    .where(
      'rollout_canary.template',
      'in',
      rollouts.map(({ template }) => template),
    )
    .where(raw`coalesce(outcome, '')`, '!=', 'unfit')
    .orderBy('home')
    .execute();
}

/** Living products by the version that their files are of. */
async function countLiving(db: Kysely<Tables>): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('product')
    .select(['template', raw<number>`count(*)::int`.as('count')])
    .where('state', '=', 'live')
    .where('template', 'is not', null)
    .groupBy('template')
    .execute();
  return new Map(rows.map(({ template, count }) => [template ?? '', count]));
}
