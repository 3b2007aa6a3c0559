/** Sends webhooks and remembers what became of each. No retry: what is not answered is lost, as with the real portal. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** httpx gives up after 5 s by default, and the portal does not change that. */
const answerWithinMs = 5000;
const keptDeliveries = 5000;

/** One webhook that was sent. */
export interface Delivery {
  readonly id: number;
  readonly generation: 'v1' | 'v2';
  readonly sentAt: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes on the wire. */
  readonly body: string;
  /** The receiver's status; null while under way, and when it never answered. */
  status: number | null;
  /** Why there was no answer. */
  error: string | null;
  /** From sending to the answer's end, in milliseconds; null while under way. */
  ms: number | null;
}

interface OutgoingWebhook {
  readonly generation: 'v1' | 'v2';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class Outbox {
  /** The latest deliveries, oldest first. */
  readonly deliveries: Delivery[] = [];
  readonly #log: (line: string) => void;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #lastId = 0;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** Resolves, never rejects, when the webhook was answered or given up. */
  async send(webhook: OutgoingWebhook): Promise<void> {
    const delivery: Delivery = {
      ...webhook,
      headers: { ...clientHeaders, ...webhook.headers },
      id: ++this.#lastId,
      sentAt: new Date().toISOString(),
      status: null,
      error: null,
      ms: null,
    };
    this.#keep(delivery);
    const begin = performance.now();
    try {
      const patience = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(answerWithinMs)]);
      delivery.status = await post(delivery, patience);
    } catch (error) {
      delivery.error = error instanceof Error ? error.message : String(error);
    }
    delivery.ms = Math.round(performance.now() - begin);
    this.#log(`${webhook.generation} webhook: ${delivery.status ?? delivery.error} after ${delivery.ms} ms`);
  }

  /** Counts work as under way until it ends; see `idle`. */
  track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }

  /** Resolves when every webhook was answered or given up, also those that were added meanwhile. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Hangs up on everything under way. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the portal stops'));
    await this.idle();
  }

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #keep(delivery: Delivery): void {
    this.deliveries.push(delivery);
    if (this.deliveries.length > keptDeliveries) this.deliveries.shift();
  }
}

/** What httpx sends by itself. */
const clientHeaders = {
  accept: '*/*',
  'accept-encoding': 'gzip, deflate',
  'user-agent': 'python-httpx/0.28.1',
  'content-type': 'application/json',
} as const;

/** A connection of its own for each webhook, redirects not followed, as httpx does it. Gives the answer's status. */
function post(webhook: OutgoingWebhook, signal: AbortSignal): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const bytes = Buffer.from(webhook.body);
  const send = webhook.url.startsWith('https:') ? httpsRequest : httpRequest;
  const outgoing = send(webhook.url, {
    method: 'POST',
    headers: { ...webhook.headers, 'content-length': String(bytes.length) },
    agent: false,
    signal,
  });
  outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : error));
  outgoing.on('response', (answer) => {
    answer.resume();
    answer.on('error', reject);
    answer.on('end', () => resolve(answer.statusCode ?? 0));
  });
  outgoing.end(bytes);
  return promise;
}
