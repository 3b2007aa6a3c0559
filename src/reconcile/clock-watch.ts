/** Notices that somebody, or a time server, set the clock: times in our books may be wrong by then. */
import { listUnretiredIds } from '../db/products.ts';
import { priorities } from '../queue/jobs.ts';
import type { ReconcileParts } from './parts.ts';

type Parts = Pick<ReconcileParts, 'queue' | 'database' | 'log' | 'clock'>;

/** Less is a time server's everyday work. */
const noticedMs = 30_000;

/** @returns to be called now and then: has everything looked at after the clock was set, or the machine slept */
export function watchClock(parts: Parts): () => Promise<void> {
  let apartMs = parts.clock().getTime() - performance.now();
  return async () => {
    const nowMs = parts.clock().getTime() - performance.now();
    const byMs = Math.round(nowMs - apartMs);
    if (Math.abs(byMs) < noticedMs) return;
    await lookAtEverything(parts, byMs);
    apartMs = nowMs;
  };
}

async function lookAtEverything({ queue, database, log }: Parts, byMs: number): Promise<void> {
  log.warn('the clock was set: every product is looked at again', { byMs });
  await queue.mend();
  const cause = { kind: 'clock', why: 'the clock was set' } as const;
  const all = await listUnretiredIds(database.sql);
  await queue.reconcile(
    all.map((product) => ({ product, cause })),
    priorities.resync,
  );
}
