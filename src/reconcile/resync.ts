/**
 * Asks the portal for every product: at start, at intervals, and when an event may have touched any number. Those of
 * which the portal's lists say something new are fed into the queue, a few at a time and behind fresh work, so that a
 * webhook never waits for a resync; a product that stands as it stood costs nothing.
 */
import { forgetFingerprints, listFingerprints } from '../db/products.ts';
import { asProvisionerError } from '../model/errors.ts';
import type { ProductId } from '../model/ids.ts';
import { priorities } from '../queue/jobs.ts';
import type { Leadership } from './leadership.ts';
import type { ReconcileParts } from './parts.ts';
import { standingOf } from './standing.ts';

type Parts = Pick<ReconcileParts, 'portal' | 'queue' | 'database' | 'log' | 'ground'>;

export interface ResyncOptions {
  readonly intervalMs: number;
  /** Products that may wait in the queue at a time. */
  readonly chunk: number;
  /** Looks at every product each time: nothing else finds what the portal's lists do not tell. */
  readonly thorough: boolean;
}

export interface Resync extends Disposable {
  /**
   * Feeds every product into the queue, whatever the lists say: for events that may have touched what no list tells.
   * Joins one that has not read its list yet. Throws what the portal client throws.
   */
  everything(): Promise<void>;
  /**
   * Runs now and at every interval, while this process leads; a failure is logged and tried again after 5 s, then 10 s …
   * up to the interval.
   */
  start(leadership: Leadership): void;
}

type Seen = { readonly fingerprint: string | null; readonly state: string };

/** Whether the lists say something new of a product, or it was not in order. */
function hasMoved(seen: Seen | undefined, listed: string | null): boolean {
  return seen?.state !== 'live' || seen.fingerprint === null || seen.fingerprint !== listed;
}

const firstRetryMs = 5000;
const roomCheckMs = 100;
/** How often a process that does not lead looks whether it does now. */
const followMs = 1000;

export function createResync(parts: Parts, options: ResyncOptions): Resync {
  return new PacedResync(parts, options);
}

class PacedResync implements Resync {
  readonly #parts: Parts;
  readonly #options: ResyncOptions;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Products still to be fed. */
  #left: ProductId[] = [];
  #feeding = false;
  #listing: Promise<void> | null = null;

  constructor(parts: Parts, options: ResyncOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  everything(): Promise<void> {
    this.#listing ??= this.#listEverything().finally(() => {
      this.#listing = null;
    });
    return this.#listing;
  }

  /** What is still to be fed is in this process's memory alone: without fingerprints the next start finds it again. */
  async #listEverything(): Promise<void> {
    await forgetFingerprints(this.#parts.database.sql);
    await this.#list(hasMoved);
  }

  start(leadership: Leadership): void {
    void this.#tick(leadership, firstRetryMs);
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#left = [];
  }

  async #tick(leadership: Leadership, retryMs: number): Promise<void> {
    if (!leadership.leads) {
      this.#again(leadership, firstRetryMs, followMs);
      return;
    }
    const { log } = this.#parts;
    let nextMs = this.#options.intervalMs;
    let nextRetryMs = firstRetryMs;
    try {
      await this.#list(this.#options.thorough ? () => true : hasMoved);
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
    this.#again(leadership, nextRetryMs, nextMs);
  }

  #again(leadership: Leadership, retryMs: number, afterMs: number): void {
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#tick(leadership, retryMs), afterMs);
  }

  async #list(wanted: (seen: Seen | undefined, listed: string | null) => boolean): Promise<void> {
    const { portal, database, log } = this.#parts;
    const ground = this.#parts.ground();
    const [survey, known] = await Promise.all([portal.survey(), listFingerprints(database.sql)]);
    const listed = new Map<ProductId, string | null>(
      survey === null
        ? (await portal.listProducts()).map(({ id }) => [id, null])
        : survey.map(({ id, fingerprint }) => [id, standingOf(fingerprint, ground)]),
    );
    const all = [...new Set([...listed.keys(), ...known.keys()])];
    const left = all.filter((id) => wanted(known.get(id), listed.get(id) ?? null));
    this.#left = [...new Set([...this.#left, ...left])];
    log.info('resync', { products: listed.size, toLookAt: left.length });
    if (!this.#feeding) void this.#feed();
  }

  async #feed(): Promise<void> {
    const { queue, log } = this.#parts;
    this.#feeding = true;
    try {
      while (this.#left.length > 0 && !this.#stopped) {
        const room = this.#options.chunk - (await queue.backlog());
        if (room <= 0) {
          await new Promise((resolve) => setTimeout(resolve, roomCheckMs));
          continue;
        }
        const next = this.#left.slice(0, room);
        await queue.reconcile(
          next.map((product) => ({ product, cause: { kind: 'resync' } })),
          priorities.resync,
        );
        // Only then: what another listing found meanwhile stands behind them.
        this.#left.splice(0, next.length);
      }
    } catch (thrown) {
      log.error('the resync could not feed the queue', { error: asProvisionerError(thrown).message });
    } finally {
      this.#feeding = false;
    }
  }
}
