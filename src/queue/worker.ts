/**
 * Takes jobs from the queue and runs them, up to `slots` at a time. pg-boss's own workers would each fetch on every
 * wake (16 fetches for one job) and poll between; this one fetches once for all free slots, when something was
 * committed, or a slot got free while more may wait, and looks every two seconds for what another process committed.
 */
import { asProvisionerError } from '../model/errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { QueueName } from './jobs.ts';
import type { Claim, Queue } from './queue.ts';

const pollMs = 2000;
const refreshMs = 5000;

export interface WorkerOptions {
  readonly queue: Queue;
  readonly name: QueueName;
  readonly slots: number;
  /** Runs one job. What goes wrong with the work itself it sees to; when it throws, the job waits for another try. */
  readonly run: (data: unknown) => Promise<void>;
  /** Told of each job that is over: how it ended, how long it ran and how long it had waited. */
  readonly onDone?: (outcome: 'done' | 'failed', ms: number, waitedMs: number) => void;
  readonly log: Logger;
}

export interface Worker {
  start(): void;
  /** Claims nothing more and waits up to `timeoutMs` for what runs; what is still running then is left to its claim's end. */
  stop(timeoutMs: number): Promise<void>;
}

export function createWorker(options: WorkerOptions): Worker {
  return new QueueWorker(options);
}

class QueueWorker implements Worker {
  readonly #options: WorkerOptions;
  readonly #running = new Map<Claim, Promise<void>>();
  readonly #timers: NodeJS.Timeout[] = [];
  #stopListening: () => void = () => undefined;
  #stopping: Promise<void> | null = null;
  #fetching: Promise<void> | null = null;
  /** Something was committed while a fetch was under way: fetch once more. */
  #wokenMeanwhile = false;
  /** More may wait than the last fetch gave: for a slot, or for the run of the same product before it. */
  #moreMayWait = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopListening = this.#options.queue.onWake(this.#options.name, () => {
      this.#moreMayWait = true;
      this.#wake();
    });
    this.#timers.push(
      setInterval(() => this.#wake(), pollMs),
      setInterval(() => void this.#refresh(), refreshMs),
    );
    this.#wake();
  }

  stop(timeoutMs: number): Promise<void> {
    this.#stopping ??= this.#drain(timeoutMs);
    return this.#stopping;
  }

  async #drain(timeoutMs: number): Promise<void> {
    this.#stopListening();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#fetching;
    const { promise: timeout, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    await Promise.race([Promise.allSettled(this.#running.values()), timeout]);
    clearTimeout(timer);
  }

  #wake(): void {
    if (this.#stopping !== null) return;
    if (this.#fetching !== null) {
      this.#wokenMeanwhile = true;
      return;
    }
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = null;
      if (this.#wokenMeanwhile) this.#wake();
    });
  }

  async #fetch(): Promise<void> {
    this.#wokenMeanwhile = false;
    const { queue, name, slots, log } = this.#options;
    const free = slots - this.#running.size;
    if (free === 0) return;
    // A job that waits for the one that runs now was committed while that ran: its wake is not forgotten here.
    if (this.#running.size === 0) this.#moreMayWait = false;
    try {
      const jobs = await queue.claim(name, free);
      // The queue may have given less than it has, to keep its shares.
      if (jobs.length > 0) this.#moreMayWait = true;
      for (const job of jobs) this.#begin(job);
    } catch (error) {
      log.error('could not take work from the queue', {
        queue: name,
        error: asProvisionerError(error).message,
      });
    }
  }

  #begin(job: Claim): void {
    const over = this.#run(job).finally(() => {
      this.#running.delete(job);
      if (this.#moreMayWait) this.#wake();
    });
    this.#running.set(job, over);
  }

  async #run(job: Claim): Promise<void> {
    const { queue, name, run, log, onDone } = this.#options;
    const startedMs = Date.now();
    const failure = await run(job.data).then(() => null, asProvisionerError);
    const since = Math.max(job.createdOn.getTime(), job.startAfter.getTime());
    const outcome = failure === null ? 'done' : 'failed';
    onDone?.(outcome, Date.now() - startedMs, Math.max(0, startedMs - since));
    if (failure !== null)
      log.error('a job could not be done; it will run again', {
        queue: name,
        job: job.id,
        error: failure.message,
      });
    try {
      await (failure === null ? queue.finish(name, job) : queue.giveBack(name, job));
    } catch (error) {
      log.error('a finished job could not be marked so; it will run again', {
        queue: name,
        job: job.id,
        error: asProvisionerError(error).message,
      });
    }
  }

  async #refresh(): Promise<void> {
    const { queue, name, log } = this.#options;
    try {
      await queue.refresh(name, [...this.#running.keys()]);
    } catch (error) {
      log.warn('claims could not be refreshed', { queue: name, error: asProvisionerError(error).message });
    }
  }
}
