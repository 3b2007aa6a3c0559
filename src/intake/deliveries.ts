/**
 * Makes a delivery durable: the delivery row and its jobs in one transaction, and many waiting deliveries in one
 * commit, so that durability costs no throughput.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from '../db/connection.ts';
import { type GrantRecord, listGrantsAround } from '../db/grants.ts';
import { type DeliveryRecord, insertDeliveries } from '../db/history.ts';
import type { Affected, LookUp } from '../model/affected.ts';
import { ProvisionerError } from '../model/errors.ts';
import type { ProductId } from '../model/ids.ts';
import { type LookUpJob, lookUpKey, type ReconcileJob } from '../queue/jobs.ts';
import type { Queue, Woken } from '../queue/queue.ts';
import { noTracer, type Tracer } from '../telemetry/tracer.ts';

/** A verified delivery with the verdict on it. */
export interface Arrival {
  readonly generation: 'v1' | 'v2' | 'unknown';
  readonly event: string;
  readonly affected: Affected;
}

export interface Deliveries {
  /**
   * Resolves with the delivery's id when it and its jobs are committed.
   *
   * @throws ProvisionerError `DATABASE_UNAVAILABLE`; nothing is stored then
   */
  accept(arrival: Arrival): Promise<string>;
}

interface Waiting {
  readonly id: string;
  readonly arrival: Arrival;
  /** `traceparent` of the request: the commit is made for many at once, outside of it. */
  readonly trace: string | undefined;
  readonly receivedAt: Date;
  readonly resolve: (id: string) => void;
  readonly reject: (error: ProvisionerError) => void;
}

/** Most deliveries in one commit: keeps a statement small and the first of a burst from waiting for the last. */
const largestCommit = 512;
/** A commit waits no longer than this for deliveries that keep arriving. */
const longestGatheringMs = 20;
/** The portal hangs up after 5 s (httpx's default), and sends its next webhook only then: an answer comes before that. */
const longestCommitMs = 4000;
/** So many turns of the event loop that bring nothing mean that nobody follows: accept, then read the head, then the body. */
const quietTurns = 3;

export function createDeliveries(database: Database, queue: Queue, tracer: Tracer = noTracer): Deliveries {
  return new GroupCommit(database, queue, tracer);
}

class GroupCommit implements Deliveries {
  readonly #database: Database;
  readonly #queue: Queue;
  readonly #tracer: Tracer;
  #waiting: Waiting[] = [];
  #committing = false;

  constructor(database: Database, queue: Queue, tracer: Tracer) {
    this.#database = database;
    this.#queue = queue;
    this.#tracer = tracer;
  }

  accept(arrival: Arrival): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const trace = this.#tracer.current();
    this.#waiting.push({ id: randomUUID(), arrival, trace, receivedAt: new Date(), resolve, reject });
    this.#schedule();
    return promise;
  }

  #schedule(): void {
    if (this.#committing || this.#waiting.length === 0) return;
    this.#committing = true;
    void this.#commit();
  }

  /**
   * Waits while every turn of the event loop brings another delivery. The embedded database works on this very thread,
   * and libuv accepts one connection a turn: a commit for each would let the last of many new senders wait for all of
   * them.
   */
  async #gather(): Promise<void> {
    const end = performance.now() + longestGatheringMs;
    let quiet = 0;
    while (quiet < quietTurns && performance.now() < end) {
      const before = this.#waiting.length;
      await nextTurn();
      quiet = this.#waiting.length > before ? 0 : quiet + 1;
    }
  }

  async #commit(): Promise<void> {
    await this.#gather();
    const batch = this.#waiting.splice(0, largestCommit);
    try {
      const woken = await inTime(this.#store(batch));
      for (const each of batch) each.resolve(each.id);
      this.#queue.wake(woken);
    } catch (cause) {
      const error = new ProvisionerError('DATABASE_UNAVAILABLE', 'The delivery could not be stored.', {
        cause,
      });
      for (const each of batch) each.reject(error);
    } finally {
      this.#committing = false;
      this.#schedule();
    }
  }

  async #store(batch: readonly Waiting[]): Promise<Woken> {
    const named = [...new Set(batch.flatMap(({ arrival }) => lookUpProducts(arrival.affected)))];
    return this.#database.sql.transaction().execute(async (trx) => {
      const grants = await listGrantsAround(trx, named);
      const records = batch.map((each) => toRecord(each, grants));
      await insertDeliveries(trx, records);
      return this.#queue.add(trx, { reconcile: reconcileJobs(records, batch), lookUps: lookUpJobs(batch) });
    });
  }
}

/** What is stored after that all the same is not acknowledged: harmless, as is everything that comes twice. */
async function inTime<T>(commit: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no commit within ${longestCommitMs / 1000} s`)),
    longestCommitMs,
  );
  // One that fails later has been given up already.
  commit.catch(() => undefined);
  return Promise.race([commit, late]).finally(() => clearTimeout(timer));
}

function toRecord(waiting: Waiting, grants: readonly GrantRecord[]): DeliveryRecord {
  const { id, arrival, receivedAt } = waiting;
  const { affected } = arrival;
  return {
    id,
    receivedAt,
    generation: arrival.generation,
    event: arrival.event,
    verdict: affected.kind === 'ignored' ? 'ignored' : 'accepted',
    reason: affected.kind === 'ignored' ? affected.reason : null,
    products: affected.kind === 'ignored' ? [] : productsOf(affected.products, affected.lookUps, grants),
  };
}

/** The products that the event names, and those that our own grants tie to it: a removed consumer stands nowhere else. */
function productsOf(
  named: readonly ProductId[],
  lookUps: readonly LookUp[],
  grants: readonly GrantRecord[],
): ProductId[] {
  const found = new Set(named);
  for (const lookUp of lookUps) {
    for (const grant of grants) {
      const neighbour = neighbourOf(lookUp, grant);
      if (neighbour !== null) found.add(neighbour);
    }
  }
  return [...found];
}

function neighbourOf(lookUp: LookUp, grant: GrantRecord): ProductId | null {
  switch (lookUp.kind) {
    case 'consumers-of':
      return grant.provider === lookUp.provider && (lookUp.port ?? grant.outputPort) === grant.outputPort
        ? grant.consumer
        : null;
    case 'consumers-of-asset':
      return grant.provider === lookUp.provider ? grant.consumer : null;
    case 'providers-of':
      return grant.consumer === lookUp.consumer && (lookUp.port ?? grant.outputPort) === grant.outputPort
        ? grant.provider
        : null;
    case 'everything':
      return null;
  }
}

/** Products whose grants must be read to find the neighbours. */
function lookUpProducts(affected: Affected): ProductId[] {
  if (affected.kind === 'ignored') return [];
  return affected.lookUps.flatMap((lookUp) => {
    if (lookUp.kind === 'everything') return [];
    return [lookUp.kind === 'providers-of' ? lookUp.consumer : lookUp.provider];
  });
}

/** One job per product, whatever number of deliveries named it; the first is its cause. */
function reconcileJobs(records: readonly DeliveryRecord[], batch: readonly Waiting[]): ReconcileJob[] {
  const traces = new Map(batch.map(({ id, trace }) => [id, trace]));
  const jobs = new Map<ProductId, ReconcileJob>();
  for (const { id, products } of records) {
    for (const product of products) {
      if (!jobs.has(product))
        jobs.set(product, { product, cause: { kind: 'delivery', delivery: id }, trace: traces.get(id) });
    }
  }
  return [...jobs.values()];
}

function lookUpJobs(batch: readonly Waiting[]): LookUpJob[] {
  const jobs = new Map<string, LookUpJob>();
  for (const { id, arrival, trace } of batch) {
    for (const lookUp of arrival.affected.kind === 'ignored' ? [] : arrival.affected.lookUps) {
      jobs.set(lookUpKey(lookUp), { lookUp, cause: { kind: 'delivery', delivery: id }, trace });
    }
  }
  return [...jobs.values()];
}
