/**
 * Meets an outage of the store or the portal with one question a second instead of with every product's retries: after
 * some requests in a row without an answer nothing more is sent, until the question is answered.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { asProvisionerError, type ErrorCode, ProvisionerError } from '../model/errors.ts';
import type { RequestGate } from '../model/gate.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface BreakerOptions {
  /** What is away, for people: `store`. */
  readonly name: string;
  /** The error of who is turned away. */
  readonly code: ErrorCode;
  /** Whether what a request ended with means that nobody is there: its error, or an answer that is none. */
  readonly isAway: (ended: { readonly error: unknown } | { readonly answer: unknown }) => boolean;
  /** Asks one cheap question; rejects while there is no answer. */
  readonly probe: () => Promise<unknown>;
  /** Told when it answers again. */
  readonly onClosed: () => Promise<void>;
  readonly log: Logger;
}

/** Requests in a row without an answer, of whatever products, that open it: few enough, and more than bad luck. */
const threshold = 8;
const probeMs = 1000;
/** A question that takes longer is asked again. */
const patienceMs = 5000;

/** Closed while all is well; open while requests are turned away. */
export class Breaker implements RequestGate, Disposable {
  readonly #options: BreakerOptions;
  /** Set in what the question sends: that alone goes through while it is open, until a request of it is not answered. */
  readonly #asking = new AsyncLocalStorage<{ failed: boolean }>();
  #failures = 0;
  #open: { readonly since: Date; readonly words: string } | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** What is away while it is open, for people. */
  get name(): string {
    return this.#options.name;
  }

  get code(): ErrorCode {
    return this.#options.code;
  }

  get open(): boolean {
    return this.#open !== null;
  }

  /** @throws ProvisionerError with the code, while it is open; `facts.turnedAway` tells it from a failure of its own */
  pass(): void {
    if (this.#open === null) return;
    const { name, code } = this.#options;
    const { since, words } = this.#open;
    throw new ProvisionerError(
      code,
      `The ${name} has not answered since ${since.toISOString()}; nothing is asked of it until it does. ${words}`,
      { facts: { turnedAway: true } },
    );
  }

  /** Sends unless it is open, and takes note of how that ended. */
  async add<T>(send: () => Promise<T>): Promise<T> {
    // Nor does a client try its question again at once: the next second does.
    if (this.#asking.getStore()?.failed !== false) this.pass();
    try {
      const answer = await send();
      this.#note(this.#options.isAway({ answer }) ? 'It answers with errors of its own.' : null);
      return answer;
    } catch (error) {
      this.#note(this.#options.isAway({ error }) ? asProvisionerError(error).message : null);
      throw error;
    }
  }

  /** @param words how the request failed; `null`: it was answered, well or not */
  #note(words: string | null): void {
    const question = this.#asking.getStore();
    if (words !== null && question !== undefined) question.failed = true;
    this.#failures = words === null ? 0 : this.#failures + 1;
    if (words !== null && this.#failures >= threshold && this.#open === null) this.#trip(words);
  }

  #trip(words: string): void {
    const { name, log } = this.#options;
    this.#open = { since: new Date(), words };
    log.error(`the ${name} does not answer: runs wait, it is asked once a second`, { error: words });
    this.#ask();
  }

  #ask(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#probe(), probeMs);
  }

  async #probe(): Promise<void> {
    const { name, log, probe, onClosed } = this.#options;
    try {
      await inTime(this.#asking.run({ failed: false }, probe));
      if (this.#stopped) return;
      this.#open = null;
      this.#failures = 0;
      log.info(`the ${name} answers again`);
      await onClosed();
    } catch (thrown) {
      if (this.#open === null)
        log.error('what waited could not be woken', { error: asProvisionerError(thrown).message });
      else this.#ask();
    }
  }

  /** A question that is under way is not waited for: who is asked may not answer. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}

async function inTime(question: Promise<unknown>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('no answer in time')), patienceMs);
  // One that fails later has been given up already.
  question.catch(() => undefined);
  await Promise.race([question, late]).finally(() => clearTimeout(timer));
}
