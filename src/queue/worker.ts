/**
 * Takes jobs from the queue and runs them, up to `slots` at a time. pg-boss's own workers would each fetch on every
 * wake (16 fetches for one job) and poll between; this one fetches once for all free slots, when something was
 * committed that may run now, or a run ended that something waited for, and looks every two seconds for what another
 * process committed. A fetch that finds nothing costs as much as one that does.
 */
import { asProvisionerError } from '../model/errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { priorities, type QueueName } from './jobs.ts';
import type { Claim, Queue } from './queue.ts';

const pollMs = 2000;
const refreshMs = 5000;
/** The part of the slots that work in no hurry may have: what somebody waits for begins at once. */
const unhurriedSlots = 3 / 4;

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
  /** Groups for which something was committed since the last fetch began: fetch once more. */
  #woken = new Set<string>();
  /** Groups for which something was committed that waits for the end of their run. */
  readonly #heldBack = new Set<string>();
  /** The last fetch took as much as it could: more may wait for a slot. */
  #moreMayWait = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopListening = this.#options.queue.onWake(this.#options.name, (groups) => this.#hear(groups));
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

  /** One job of a group runs at a time: what comes for one that runs has to wait for its end. */
  #hear(groups: readonly string[]): void {
    const running = this.#groupsRunning();
    for (const group of groups) (running.has(group) ? this.#heldBack : this.#woken).add(group);
    if (this.#woken.size > 0) this.#wake();
  }

  #groupsRunning(): ReadonlySet<string> {
    return new Set([...this.#running.keys()].map(groupOf));
  }

  #wake(): void {
    if (this.#stopping !== null || this.#fetching !== null) return;
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = null;
      if (this.#woken.size > 0) this.#wake();
    });
  }

  async #fetch(): Promise<void> {
    this.#woken = new Set();
    const { queue, name, slots, log } = this.#options;
    const free = slots - this.#running.size;
    this.#moreMayWait = free === 0;
    if (free === 0) return;
    const room = Math.max(0, Math.ceil(slots * unhurriedSlots) - unhurriedIn([...this.#running.keys()]));
    try {
      const jobs = await queue.claim(name, free, Math.min(room, free));
      this.#moreMayWait = jobs.length >= free || unhurriedIn(jobs) >= room;
      for (const job of jobs) this.#begin(job);
    } catch (error) {
      log.error('could not take work from the queue', {
        queue: name,
        error: asProvisionerError(error).message,
      });
    }
  }

  #begin(job: Claim): void {
    const group = groupOf(job);
    // Committed while this claim was made: it waits for this run, and the fetch that follows does not find it.
    if (this.#woken.has(group)) this.#heldBack.add(group);
    const over = this.#run(job).finally(() => {
      this.#running.delete(job);
      if (this.#heldBack.delete(group) || this.#moreMayWait) this.#wake();
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

function unhurriedIn(jobs: readonly Claim[]): number {
  return jobs.filter(({ priority }) => priority < priorities.fresh).length;
}

function groupOf(job: Claim): string {
  return job.groupId ?? job.id;
}
