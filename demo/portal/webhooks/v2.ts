/** The second generation: an unsigned CloudEvent per changed row. */
import { randomUUID } from 'node:crypto';
import type { ChangeEvent } from '../state/change-event.ts';
import type { Generation } from '../state/records.ts';
import type { Outbox } from './outbox.ts';

/** The real portal holds the events of so many calls; beyond that it drops them with a line in its log. */
const queueLimit = 1000;

/** ISO text with microseconds and `+00:00`, as Python's `datetime.now(timezone.utc).isoformat()`. */
function timeOfSending(): string {
  const now = performance.timeOrigin + performance.now();
  const micros = Math.floor((now % 1) * 1000);
  return `${new Date(now).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}+00:00`;
}

/** Sends the events of calls. `main` keeps one queue for all calls; `v0.7.0` has a task per call, in order inside it. */
export class EventDispatcher {
  readonly #outbox: Outbox;
  readonly #generation: Generation;
  readonly #log: (line: string) => void;
  readonly #url: () => string | undefined;
  #queue: Promise<void> = Promise.resolve();
  #queued = 0;

  constructor(options: {
    readonly outbox: Outbox;
    readonly generation: Generation;
    readonly log: (line: string) => void;
    readonly url: () => string | undefined;
  }) {
    this.#outbox = options.outbox;
    this.#generation = options.generation;
    this.#log = options.log;
    this.#url = options.url;
  }

  /** Sends the events of one successful call. */
  announce(events: readonly ChangeEvent[]): void {
    if (events.length === 0 || !this.#url()) return;
    if (this.#generation === 'v0.7.0') {
      this.#outbox.track(this.#sendInOrder(events));
      return;
    }
    if (this.#queued >= queueLimit) {
      this.#log(`v2 queue is full, ${events.length} events dropped`);
      return;
    }
    this.#queued += 1;
    this.#queue = this.#queue.then(() => this.#sendInOrder(events)).finally(() => (this.#queued -= 1));
    this.#outbox.track(this.#queue);
  }

  async #sendInOrder(events: readonly ChangeEvent[]): Promise<void> {
    for (const { type, data } of events) {
      const url = this.#url();
      if (!url || this.#outbox.stopped) return;
      const body = {
        specversion: '1.0',
        id: randomUUID(),
        source: 'data-product-portal',
        type,
        time: timeOfSending(),
        data,
      };
      await this.#outbox.send({ generation: 'v2', url, headers: {}, body: JSON.stringify(body) });
    }
  }
}
