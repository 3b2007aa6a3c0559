/**
 * The durable queue: pg-boss tables in our own database, so that jobs commit together with what caused them.
 *
 * Policy `short` keeps at most one waiting job per key; a job that runs does not count, so a change that comes while
 * its product is being worked on leads to another run after it. `groupConcurrency: 1` at fetch keeps runs of one
 * product from overlapping. Of what another process claims at the same moment a claim sees nothing, so processes take turns.
 */

import { EventEmitter } from 'node:events';
import type { Transaction } from 'kysely';
import { type ConnectionOptions, fromKysely, type JobInsert, type JobWithMetadata, PgBoss } from 'pg-boss';
import type { Database } from '../db/connection.ts';
import { takeTurns } from '../db/lease.ts';
import type { Tables } from '../db/tables.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { QueueDepth } from '../telemetry/metrics.ts';
import { noTracer, type Tracer } from '../telemetry/tracer.ts';
import {
  type LookUpJob,
  lookUpKey,
  priorities,
  type QueueName,
  queueNames,
  type ReconcileJob,
} from './jobs.ts';

/** A claim that is not refreshed for this long belongs to a process that died; others take the job over. */
const heartbeatSeconds = 15;
/** One of so many claims is for work in no hurry, as is one of so many slots then. */
const claimsOfAll = 4;
/** A job that was given back waits so long. */
const retryDelay = 2;

/** Jobs to be added. */
export interface NewJobs {
  readonly reconcile?: readonly ReconcileJob[];
  /** Reconciles that nobody waits for. */
  readonly unhurried?: readonly ReconcileJob[];
  readonly lookUps?: readonly LookUpJob[];
}

/** What was committed: of which queue, and for what (the products, or what is looked up). Of these one job runs at a time. */
export type Woken = readonly { readonly name: QueueName; readonly groups: readonly string[] }[];

/**
 * A job as it was claimed. It carries the try it belongs to: a process that was frozen, and whose claim another one has
 * taken over, can neither end that one's run nor keep it alive.
 */
export type Claim = JobWithMetadata<unknown>;

export interface Queue extends AsyncDisposable {
  /**
   * Adds jobs inside the caller's transaction. Those whose key already waits are left out.
   * @returns the queues to wake after the commit
   */
  add(trx: Transaction<Tables>, jobs: NewJobs): Promise<Woken>;
  /** Adds reconciles in a transaction of its own and wakes the workers. */
  reconcile(jobs: readonly ReconcileJob[], priority?: number): Promise<void>;
  /** Adds look-ups, to be done at the earliest after `delayMs`. */
  lookUp(jobs: readonly LookUpJob[], delayMs?: number): Promise<void>;
  /** Tells this process's workers what was committed. */
  wake(woken: Woken): void;
  onWake(name: QueueName, listener: (groups: readonly string[]) => void): () => void;
  /** Claims up to `limit` jobs, of which at most `unhurried` are in no hurry. */
  claim(name: QueueName, limit: number, unhurried?: number): Promise<Claim[]>;
  /** The job is over, however its run ended: when to try again is the product's `wake_at`. */
  finish(name: QueueName, job: Claim): Promise<void>;
  /** What came of the run could not be noted: it is done again, in a few seconds. */
  giveBack(name: QueueName, job: Claim): Promise<void>;
  /** Keeps claims alive. */
  refresh(name: QueueName, jobs: readonly Claim[]): Promise<void>;
  /** After a clock was wrong: what is to be done in a far future is to be done now. Nothing of ours waits for long. */
  mend(): Promise<void>;
  /** Reconciles in no hurry that wait. */
  backlog(): Promise<number>;
  /** Jobs that wait or run, and for how long the oldest of those that wait does. */
  depth(name: QueueName): Promise<QueueDepth>;
}

/** Opens the queue on the database. On an embedded one, jobs that a killed process left running are queued again. */
export async function openQueue(database: Database, log: Logger, tracer: Tracer = noTracer): Promise<Queue> {
  const boss = new PgBoss({
    db: database.queueDatabase,
    schema: 'queue',
    ...(database.embedded ? { backend: 'pglite' as const } : {}),
    schedule: false,
    // How soon the silence of a dead process is noticed; an embedded database has no other process.
    superviseIntervalSeconds: database.embedded ? 60 : 5,
    monitorIntervalSeconds: database.embedded ? 60 : 5,
  });
  boss.on('error', (error: Error) => log.error('the queue reports an error', { error: error.message }));
  await boss.start();
  const options = {
    policy: 'short',
    heartbeatSeconds,
    retryDelay,
    retryLimit: 100,
    deleteAfterSeconds: 3600,
  } as const;
  for (const name of Object.values(queueNames)) {
    await boss.createQueue(name, options);
    // pg-boss reads a queue's definition on first use, through the only connection of an embedded database: inside a
    // transaction of ours that would wait for ever. So it is read here once.
    await boss.insert(name, []);
  }
  const queue = new BossQueue(boss, database, tracer);
  await queue.mend();
  if (database.embedded) await queue.takeBackOrphans();
  return queue;
}

class BossQueue implements Queue {
  readonly #boss: PgBoss;
  readonly #database: Database;
  #claims = 0;
  readonly #tracer: Tracer;
  readonly #wakes = new EventEmitter<Record<QueueName, [groups: readonly string[]]>>();

  constructor(boss: PgBoss, database: Database, tracer: Tracer) {
    this.#boss = boss;
    this.#database = database;
    this.#tracer = tracer;
  }

  async add(
    trx: Transaction<Tables>,
    { reconcile = [], unhurried = [], lookUps = [] }: NewJobs,
  ): Promise<Woken> {
    const connection = { db: fromKysely(trx) };
    return [
      ...(await this.#insert(
        queueNames.reconcile,
        [
          ...this.#reconcileInserts(reconcile, priorities.fresh),
          ...this.#reconcileInserts(unhurried, priorities.resync),
        ],
        connection,
      )),
      ...(await this.#insert(queueNames.lookUp, lookUpInserts(lookUps), connection)),
    ];
  }

  async reconcile(jobs: readonly ReconcileJob[], priority: number = priorities.fresh): Promise<void> {
    this.wake(await this.#insert(queueNames.reconcile, this.#reconcileInserts(jobs, priority)));
  }

  async lookUp(jobs: readonly LookUpJob[], delayMs = 0): Promise<void> {
    const startAfter = new Date(Date.now() + delayMs);
    const inserts = lookUpInserts(jobs).map((job) => (delayMs === 0 ? job : { ...job, startAfter }));
    this.wake(await this.#insert(queueNames.lookUp, inserts));
  }

  #reconcileInserts(jobs: readonly ReconcileJob[], priority: number): JobInsert[] {
    const trace = this.#tracer.current();
    return jobs.map((job) => ({
      data: { trace, ...job },
      priority,
      singletonKey: `${keyPrefix(job, priority)}${job.product}`,
      group: { id: job.product },
    }));
  }

  async #insert(name: QueueName, jobs: JobInsert[], connection: ConnectionOptions = {}): Promise<Woken> {
    if (jobs.length === 0) return [];
    await this.#boss.insert(name, jobs, connection);
    return [{ name, groups: jobs.map(({ group }) => group?.id ?? '') }];
  }

  wake(woken: Woken): void {
    for (const { name, groups } of woken) this.#wakes.emit(name, groups);
  }

  onWake(name: QueueName, listener: (groups: readonly string[]) => void): () => void {
    this.#wakes.on(name, listener);
    return () => this.#wakes.off(name, listener);
  }

  claim(name: QueueName, limit: number, unhurried = limit): Promise<Claim[]> {
    if (this.#database.embedded) return this.#fetch(name, limit, unhurried, {});
    return takeTurns(this.#database.sql, `claims of ${name}`, (trx) =>
      this.#fetch(name, limit, unhurried, { db: fromKysely(trx) }),
    );
  }

  async #fetch(
    name: QueueName,
    limit: number,
    unhurried: number,
    connection: ConnectionOptions,
  ): Promise<Claim[]> {
    const fetch = async (batchSize: number, range: { minPriority?: number; maxPriority?: number } = {}) => {
      // Two look-ups for one thing do no harm at once, and a fetch that need not tell costs half.
      const alone = name === queueNames.reconcile ? { groupConcurrency: 1 } : {};
      const how = { ...connection, ...range, ...alone, batchSize, includeMetadata: true } as const;
      return batchSize === 0 ? [] : this.#boss.fetch<unknown>(name, how);
    };
    this.#claims += 1;
    // A share for what is in no hurry: a flood of webhooks does not stop the drift check.
    const isShared = name === queueNames.reconcile && this.#claims % claimsOfAll === 0;
    const share = isShared ? Math.min(Math.ceil(limit / claimsOfAll), unhurried) : 0;
    const first = await fetch(share, { maxPriority: priorities.resync });
    const left = limit - first.length;
    const room = Math.min(left, unhurried - first.length);
    // What somebody waits for comes first in it: seldom is there more to be had than this.
    const some = await fetch(room);
    const more = some.length < room ? 0 : left - room;
    return [...first, ...some, ...(await fetch(more, { minPriority: priorities.fresh }))];
  }

  async finish(name: QueueName, job: Claim): Promise<void> {
    await this.#boss.complete(name, job);
  }

  async giveBack(name: QueueName, job: Claim): Promise<void> {
    await this.#boss.fail(name, job);
  }

  async refresh(name: QueueName, jobs: readonly Claim[]): Promise<void> {
    if (jobs.length > 0) await this.#boss.touch(name, [...jobs]);
  }

  async backlog(): Promise<number> {
    const { rows } = await this.#database.queueDatabase.executeSql(
      `SELECT count(*) AS waiting FROM queue.job WHERE name = $1 AND state < 'active' AND priority = $2`,
      [queueNames.reconcile, priorities.resync],
    );
    return Number(rows[0]?.waiting ?? 0);
  }

  async depth(name: QueueName): Promise<QueueDepth> {
    const { rows } = await this.#database.queueDatabase.executeSql(
      `SELECT count(*) FILTER (WHERE state < 'active') AS waiting, count(*) FILTER (WHERE state = 'active') AS running,
              extract(epoch FROM now() - min(created_on) FILTER (WHERE state < 'active')) AS oldest
         FROM queue.job WHERE name = $1`,
      [name],
    );
    const { waiting = 0, running = 0, oldest = 0 } = rows[0] ?? {};
    return { waiting: Number(waiting), running: Number(running), oldestMs: Number(oldest) * 1000 };
  }

  async mend(): Promise<void> {
    await this.#database.queueDatabase.executeSql(
      `UPDATE queue.job SET start_after = now() WHERE state < 'active' AND start_after > now() + interval '1 minute'`,
    );
  }

  /** Queues again what a killed process was working on. Only where no other process can have the database open. */
  async takeBackOrphans(): Promise<void> {
    for (const name of Object.values(queueNames)) {
      const orphans = (await this.#boss.findJobs<object>(name)).filter((job) => job.state === 'active');
      if (orphans.length === 0) continue;
      await this.#boss.insert(
        name,
        orphans.map((job) => ({
          data: job.data,
          priority: job.priority,
          ...(job.singletonKey === null
            ? {}
            : {
                singletonKey: job.singletonKey,
                group: { id: job.singletonKey.replace(/^(later|check):/, '') },
              }),
        })),
      );
      await this.#boss.complete(
        name,
        orphans.map((job) => job.id),
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#boss.stop({ graceful: false, close: false });
  }
}

/**
 * Keys of their own: fresh work for a product must not be taken for the one that waits without haste, nor a drift
 * check, which looks more closely, for a resync's look.
 */
function keyPrefix({ cause }: ReconcileJob, priority: number): string {
  if (cause.kind === 'drift-check') return 'check:';
  return priority === priorities.fresh ? '' : 'later:';
}

function lookUpInserts(jobs: readonly LookUpJob[]): JobInsert[] {
  return jobs.map((job) => {
    const key = lookUpKey(job.lookUp);
    return { data: job, priority: priorities.fresh, singletonKey: key, group: { id: key } };
  });
}
