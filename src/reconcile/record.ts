/** Writes down how a run went, all of it or nothing: conditions, the next look, the run, the audit. */
import { auditInsert } from '../db/audit.ts';
import { runInsert } from '../db/history.ts';
import { newsIn, productChange } from '../db/products.ts';
import { type Change, changeTogether } from '../db/together.ts';
import { findWake, hastenOne, type Wake, wakeChange } from '../db/wake.ts';
import type { ProvisionerError } from '../model/errors.ts';
import type { ProductId } from '../model/ids.ts';
import type { RunEnding } from '../model/run.ts';
import { nextTryMs } from '../queue/backoff.ts';
import type { Breaker } from './breaker.ts';
import { conditionsOfFailure } from './conditions.ts';
import type { Books } from './observe.ts';
import type { Outcome, Run } from './outcome.ts';
import type { ReconcileParts } from './parts.ts';

/** A run turned away by a breaker is due again when that closes, which hastens it; without a word from it, then. */
const turnedAwayMs = 60_000;

/** What it takes to write it down. */
type RecordParts = Pick<ReconcileParts, 'database' | 'clock' | 'random'> & {
  readonly settings: Pick<ReconcileParts['settings'], 'maxTries'>;
  readonly breakers: readonly Pick<Breaker, 'open'>[];
};

/** A run that is over. */
export interface Ended {
  readonly run: Run;
  readonly product: ProductId;
  readonly startedAt: Date;
  readonly ms: number;
  readonly outcome: Outcome;
  /** What our books said before; `null`: they could not be read. */
  readonly books: Books | null;
}

/** What the product is left with. */
interface Left {
  readonly attempts: number;
  /** Until the next try; `null`: parked. */
  readonly waitMs: number | null;
}

/** @throws ProvisionerError `DATABASE_UNAVAILABLE`; the run is done again */
export async function recordRun(parts: RecordParts, ended: Ended): Promise<RunEnding> {
  const { sql } = parts.database;
  const { product, outcome } = ended;
  const { error, change, drift, leak, actions } = outcome;
  if (error === null) {
    // Most runs find nothing to do: such a one writes nothing.
    if (actions.length > 0 || !isKnown(ended))
      await changeTogether(sql, [
        ...changesOfSuccess(parts, ended),
        ...(actions.length > 0 ? historyOf(parts, ended) : []),
      ]);
    return { product, conditions: change.conditions ?? null, parked: false, drift, leak };
  }
  const now = parts.clock();
  const left = await whatIsLeft(parts, product, error, now);
  const { attempts, waitMs } = left;
  const conditions = conditionsOfFailure(error, waitMs, error.needs === 'person' ? null : attempts);
  await changeTogether(sql, [
    wakeChange(sql, product, waitMs === null ? null : new Date(now.getTime() + waitMs), attempts),
    // Without a fingerprint the next resync looks at it, too.
    productChange(sql, product, { ...change, conditions, fingerprint: null }, now),
    ...(actions.length > 0 || !error.turnedAway ? historyOf(parts, ended) : []),
  ]);
  // A breaker that closed meanwhile hastened those that were written down: not this one.
  if (error.turnedAway && !parts.breakers.some(({ open }) => open))
    await hastenOne(sql, product, parts.clock());
  // What could not be put right is no more than a part of what failed; the next run finds it again.
  return { product, conditions, parked: waitMs === null, drift: [], leak };
}

/** Whether our books say all this already. */
function isKnown({ books, outcome: { change, nextMs } }: Ended): boolean {
  if (books === null) return false;
  return isSameWake(books.wake, nextMs) && Object.keys(newsIn(change, books.record)).length === 0;
}

function isSameWake({ at, attempts }: Wake, nextMs: number | null): boolean {
  return attempts === 0 && (at?.getTime() ?? null) === nextMs;
}

function historyOf({ database: { sql } }: RecordParts, ended: Ended): readonly Change[] {
  const { run, product, startedAt, ms, outcome } = ended;
  const { error, actions, audit } = outcome;
  const failure = error === null ? null : { code: error.code, message: error.message };
  const { id, cause } = run;
  return [
    runInsert(sql, { id, product, cause, startedAt, ms, error: failure, actions }),
    auditInsert(sql, audit),
  ];
}

function changesOfSuccess(
  { database: { sql }, clock }: RecordParts,
  { product, books, outcome: { change, nextMs } }: Ended,
): readonly Change[] {
  const sameWake = books !== null && isSameWake(books.wake, nextMs);
  const news = newsIn(change, books?.record ?? null);
  return [
    ...(sameWake ? [] : [wakeChange(sql, product, nextMs === null ? null : new Date(nextMs), 0)]),
    ...(Object.keys(news).length === 0 ? [] : [productChange(sql, product, news, clock())]),
  ];
}

async function whatIsLeft(
  { database, settings, random }: RecordParts,
  product: ProductId,
  error: ProvisionerError,
  now: Date,
): Promise<Left> {
  const wake = await findWake(database.sql, product);
  // Turned away is not tried.
  if (error.turnedAway) return { attempts: Math.max(1, wake.attempts), waitMs: turnedAwayMs };
  // A webhook that came before the next try was due says nothing new: a storm of them must not park a product in an
  // outage of seconds.
  const attempts = Math.max(1, wake.attempts + (wake.at === null || wake.at <= now ? 1 : 0));
  const { needs } = error;
  return { attempts, waitMs: nextTryMs({ needs, attempts, maxTries: settings.maxTries }, random()) };
}
