/**
 * Meets an outage of the store or the portal with one question a second instead of with every product's retries: after
 * some failures in a row runs end before they ask anything, until the question is answered.
 */
import { asProvisionerError, type ErrorCode, ProvisionerError } from '../model/errors.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface BreakerOptions {
  /** What is away, for people: `store`. */
  readonly name: string;
  /** The error that counts. */
  readonly code: ErrorCode;
  /** Asks one cheap question; rejects while there is no answer. */
  readonly probe: () => Promise<unknown>;
  /** Told when it answers again. */
  readonly onClosed: () => Promise<void>;
  readonly log: Logger;
}

/** Failures in a row, of whatever products, that open it. */
const threshold = 5;
const probeMs = 1000;

/** Closed while all is well; open while runs are turned away. */
export class Breaker implements Disposable {
  readonly #options: BreakerOptions;
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

  /** Takes note of how a run ended (`null`: well). */
  note(error: ProvisionerError | null): void {
    if (error === null) this.#failures = 0;
    if (error?.code !== this.#options.code || error.facts.turnedAway === true) return;
    this.#failures += 1;
    if (this.#failures >= threshold && this.#open === null) this.#trip(error.message);
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
      await probe();
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
