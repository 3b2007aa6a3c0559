/** The leader's rounds: the drift check, a few products at a time, and the sweep of the archive. */
import { insertAudit, pruneAudit } from '../db/audit.ts';
import { countLive, listArchives, takeUnchecked } from '../db/checks.ts';
import { pruneHistory } from '../db/history.ts';
import { changeProduct } from '../db/products.ts';
import { asProvisionerError } from '../model/errors.ts';
import type { Leadership } from './leadership.ts';
import type { ReconcileParts } from './parts.ts';
import { startTicking } from './ticking.ts';

type Parts = Pick<ReconcileParts, 'queue' | 'database' | 'log' | 'clock' | 'workspaces'>;

export interface RoundsOptions {
  /** Every product is compared at least so often; 0 = never. */
  readonly driftIntervalMs: number;
  /** How long workspaces stay in the archive; 0 = for ever. */
  readonly archiveRetentionMs: number;
  readonly keepHistoryMs: number;
  readonly keepAuditMs: number;
}

const tickMs = 1000;
const sweepMs = 10 * 60_000;

/** Starts the rounds. Disposing stops them. */
export function startRounds(parts: Parts, leadership: Leadership, options: RoundsOptions): AsyncDisposable {
  // A sweep can take its time: the drift check does not wait for it.
  const started = new AsyncDisposableStack();
  const asLeader = (what: string, work: () => Promise<void>) =>
    started.use(
      startTicking(tickMs, async () => {
        if (leadership.leads) await report(parts, what, work);
      }),
    );
  let sweptMs = Number.NEGATIVE_INFINITY;
  asLeader('the drift check', () => checkSome(parts, options.driftIntervalMs));
  asLeader('the sweep', async () => {
    if (performance.now() - sweptMs < sweepMs) return;
    sweptMs = performance.now();
    await sweep(parts, options);
  });
  return started;
}

/**
 * As many as make the whole round fit into the interval: the load is even, however many products there are. Checked
 * counts from when it is queued, so that a slow queue is not filled with the same ones again.
 */
async function checkSome({ database, queue, clock }: Parts, intervalMs: number): Promise<void> {
  if (intervalMs === 0) return;
  const now = clock();
  const share = Math.ceil(((await countLive(database.sql)) * tickMs) / intervalMs);
  if (share === 0) return;
  const since = new Date(now.getTime() - intervalMs + tickMs);
  const cause = { kind: 'drift-check' } as const;
  const woken = await database.sql.transaction().execute(async (trx) => {
    const due = await takeUnchecked(trx, since, now, share);
    return queue.add(trx, { unhurried: due.map((product) => ({ product, cause })) });
  });
  queue.wake(woken);
}

async function sweep(parts: Parts, options: RoundsOptions): Promise<void> {
  const { database, clock } = parts;
  const ago = (ms: number) => new Date(clock().getTime() - ms);
  await pruneHistory(database.sql, ago(options.keepHistoryMs));
  await pruneAudit(database.sql, ago(options.keepAuditMs));
  if (options.archiveRetentionMs > 0) await sweepArchive(parts, ago(options.archiveRetentionMs));
}

/** By what lies there: books that were lost know of none. */
async function sweepArchive({ database, workspaces, clock, log }: Parts, before: Date): Promise<void> {
  const due = (await workspaces.archived.list()).filter(({ at }) => at < before);
  if (due.length === 0) return;
  const known = await listArchives(database.sql);
  const now = clock();
  for (const { name, product } of due) {
    const book = known.get(name);
    // Its product is back, and waits for it.
    if (book?.retired === false) continue;
    await workspaces.archived.drop(name);
    const cause = { kind: 'clock', why: 'its time in the archive is over' } as const;
    const entry = { at: now, actor: 'provisioner', cause, product: book?.product ?? product, run: null };
    await database.sql.transaction().execute(async (trx) => {
      if (book !== undefined) await changeProduct(trx, book.product, { archive: null }, now);
      await insertAudit(trx, [{ ...entry, action: 'drop-archived-workspace', target: name }]);
    });
    log.info('deleted a workspace from the archive', { product: entry.product, archive: name });
  }
}

async function report({ log }: Parts, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    log.error(`${what} failed; it goes on with the next round`, {
      error: asProvisionerError(thrown).message,
    });
  }
}
