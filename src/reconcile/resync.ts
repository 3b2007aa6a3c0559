/**
 * Has every product looked at: at start, at intervals, and when an event may have touched any number. Products are fed
 * into the queue a few at a time and behind fresh work, so that a webhook never waits for a resync.
 */
import { pruneHistory } from '../db/history.ts';
import { listUnretired } from '../db/products.ts';
import { asProvisionerError } from '../model/errors.ts';
import type { ProductId } from '../model/ids.ts';
import { priorities, queueNames } from '../queue/jobs.ts';
import type { ReconcileParts } from './parts.ts';

type Parts = Pick<ReconcileParts, 'portal' | 'queue' | 'database' | 'log' | 'clock'>;

export interface ResyncOptions {
  readonly intervalMs: number;
  /** Products that may wait in the queue at a time. */
  readonly chunk: number;
  readonly keepHistoryMs: number;
}

export interface Resync extends Disposable {
  /** Reads the list and feeds the queue; joins a resync that has not read its list yet. Throws what the portal client throws. */
  run(): Promise<void>;
  /** Runs now and at every interval; a failure is logged and tried again after 5 s, then 10 s … up to the interval. */
  start(): void;
}

const firstRetryMs = 5000;
const roomCheckMs = 100;

export function createResync(parts: Parts, options: ResyncOptions): Resync {
  return new PacedResync(parts, options);
}

class PacedResync implements Resync {
  readonly #parts: Parts;
  readonly #options: ResyncOptions;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Products still to be fed; a new resync replaces what an older one had left. */
  #left: ProductId[] = [];
  #feeding = false;
  #listing: Promise<void> | null = null;

  constructor(parts: Parts, options: ResyncOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  run(): Promise<void> {
    this.#listing ??= this.#list().finally(() => {
      this.#listing = null;
    });
    return this.#listing;
  }

  start(): void {
    void this.#tick(firstRetryMs);
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#left = [];
  }

  async #tick(retryMs: number): Promise<void> {
    const { log, database, clock } = this.#parts;
    let nextMs = this.#options.intervalMs;
    let nextRetryMs = firstRetryMs;
    try {
      await this.run();
      await pruneHistory(database.sql, new Date(clock().getTime() - this.#options.keepHistoryMs));
    } catch (thrown) {
      const error = asProvisionerError(thrown);
      nextMs = Math.min(retryMs, this.#options.intervalMs);
      nextRetryMs = retryMs * 2;
      log.error('the resync could not read the products', {
        code: error.code,
        error: error.message,
        retryMs: nextMs,
      });
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#tick(nextRetryMs), nextMs);
  }

  async #list(): Promise<void> {
    const { portal, database, log } = this.#parts;
    const [listed, known] = await Promise.all([portal.listProducts(), listUnretired(database.sql)]);
    this.#left = [...new Set([...listed, ...known].map((product) => product.id))];
    log.info('resync', { products: this.#left.length });
    if (!this.#feeding) void this.#feed();
  }

  async #feed(): Promise<void> {
    const { queue, log } = this.#parts;
    this.#feeding = true;
    try {
      while (this.#left.length > 0 && !this.#stopped) {
        const { waiting } = await queue.depth(queueNames.reconcile);
        const room = this.#options.chunk - waiting;
        if (room <= 0) {
          await new Promise((resolve) => setTimeout(resolve, roomCheckMs));
          continue;
        }
        const next = this.#left.splice(0, room);
        await queue.reconcile(
          next.map((product) => ({ product, cause: { kind: 'resync' } })),
          priorities.resync,
        );
      }
    } catch (thrown) {
      log.error('the resync could not feed the queue', { error: asProvisionerError(thrown).message });
    } finally {
      this.#feeding = false;
    }
  }
}
