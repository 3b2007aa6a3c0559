/** How the whole estate stands now: what a person looks at first. */
import { type Kysely, sql as raw } from 'kysely';
import { type BrakeRecord, readBrake } from '../db/brake.ts';
import { countHomeless, type HomelessProduct, listHomeless } from '../db/homeless.ts';
import { countByCondition } from '../db/products.ts';
import type { Tables } from '../db/tables.ts';
import { type Headline, headlines, type ProductState, productStates } from './headline.ts';
import { listProducts, type ProductLine } from './products.ts';

/** Runs that began within one minute. */
export interface Minute {
  readonly at: Date;
  readonly runs: number;
  readonly failed: number;
}

/** Runs of a while. A run that found nothing to do is not noted, so it is not counted here. */
export interface RunRate {
  readonly runs: number;
  readonly failed: number;
  /** Of all runs, 0 to 1; 0 without runs. */
  readonly failureShare: number;
  readonly perMinute: number;
  /** Milliseconds; `null` without runs. */
  readonly p50: number | null;
  readonly p95: number | null;
  /** Minutes in which runs began, oldest first; quiet ones are left out. */
  readonly minutes: readonly Minute[];
}

export interface Overview {
  readonly at: Date;
  /** Products that are not retired, by headline. */
  readonly byHeadline: Readonly<Record<Headline, number>>;
  readonly byState: Readonly<Record<ProductState, number>>;
  readonly pausedProducts: number;
  /** What needs a person first; `byHeadline.Degraded` says how many there are in all. */
  readonly needPerson: readonly ProductLine[];
  /** Products that never got a home, which are in none of the counts above; the first of them. */
  readonly homeless: { readonly count: number; readonly products: readonly HomelessProduct[] };
  /** `null`: the brake is off. */
  readonly brake: BrakeRecord | null;
  /** `null`: the estate as a whole is not paused. */
  readonly pause: { readonly at: Date; readonly by: string } | null;
  readonly lastHour: RunRate;
  readonly lastFiveMinutes: RunRate;
  /** Deliveries of the last hour. */
  readonly deliveries: { readonly accepted: number; readonly ignored: number };
}

const minuteMs = 60_000;
const hour = 60;
/** Short enough to be now, long enough to tell a rate. */
const lately = 5;
const firstInNeed = 20;

export async function readOverview(db: Kysely<Tables>, now: Date): Promise<Overview> {
  const ago = (minutes: number) => new Date(now.getTime() - minutes * minuteMs);
  const [counts, worst, homeless, brake, pause, lastHour, lastFiveMinutes, deliveries] = await Promise.all([
    countByCondition(db),
    listProducts(db, {}, 'condition', { after: null, limit: firstInNeed }),
    readHomeless(db),
    readBrake(db),
    db.selectFrom('estate_pause').select(['at', 'by']).executeTakeFirst(),
    readRate(db, ago(hour), hour),
    readRate(db, ago(lately), lately),
    countDeliveries(db, ago(hour)),
  ]);
  const sum = (fits: (each: (typeof counts)[number]) => boolean) =>
    counts.filter(fits).reduce((total, { count }) => total + count, 0);
  return {
    at: now,
    byHeadline: recordOf(headlines, (type) =>
      sum((each) => each.state !== 'retired' && each.condition === type),
    ),
    byState: recordOf(productStates, (state) => sum((each) => each.state === state)),
    pausedProducts: counts.reduce((total, { paused }) => total + paused, 0),
    needPerson: worst.items.filter(({ headline, state }) => headline === 'Degraded' && state !== 'retired'),
    homeless,
    brake,
    pause: pause ?? null,
    lastHour,
    lastFiveMinutes,
    deliveries,
  };
}

function recordOf<Key extends string>(
  keys: readonly Key[],
  ofKey: (key: Key) => number,
): Record<Key, number> {
  // `fromEntries` forgets which keys it was given.
  return Object.fromEntries(keys.map((key) => [key, ofKey(key)])) as Record<Key, number>;
}

async function readHomeless(db: Kysely<Tables>): Promise<Overview['homeless']> {
  const [count, products] = await Promise.all([countHomeless(db), listHomeless(db, { limit: firstInNeed })]);
  return { count, products };
}

async function readRate(db: Kysely<Tables>, since: Date, spanMinutes: number): Promise<RunRate> {
  const recent = db.selectFrom('run').where('started_at', '>=', since);
  const failed = raw<string>`count(*) filter (where outcome = 'failed')`.as('failed');
  const minute = raw<Date>`date_trunc('minute', started_at)`;
  const quantile = (share: number) =>
    raw<number | null>`percentile_cont(${raw.lit(share)}) within group (order by ms)`;
  const [total, minutes] = await Promise.all([
    recent
      .select((on) => [on.fn.countAll().as('runs'), failed])
      .select([quantile(0.5).as('p50'), quantile(0.95).as('p95')])
      .executeTakeFirstOrThrow(),
    recent
      .select((on) => [minute.as('at'), on.fn.countAll().as('runs'), failed])
      .groupBy(minute)
      .orderBy(minute)
      .execute(),
  ]);
  const runs = Number(total.runs);
  return {
    runs,
    failed: Number(total.failed),
    failureShare: runs === 0 ? 0 : Number(total.failed) / runs,
    perMinute: runs / spanMinutes,
    p50: total.p50,
    p95: total.p95,
    minutes: minutes.map((each) => ({ at: each.at, runs: Number(each.runs), failed: Number(each.failed) })),
  };
}

async function countDeliveries(db: Kysely<Tables>, since: Date): Promise<Overview['deliveries']> {
  const rows = await db
    .selectFrom('delivery')
    .select((on) => ['verdict', on.fn.countAll().as('count')])
    .where('received_at', '>=', since)
    .groupBy('verdict')
    .execute();
  const of = (verdict: string) => Number(rows.find((row) => row.verdict === verdict)?.count ?? 0);
  return { accepted: of('accepted'), ignored: of('ignored') };
}
