/**
 * Tells open pages that something changed, so that they ask for their part anew. All pages together cost one look at
 * the database per tick, however many there are, and none while nobody watches.
 */
import type { Response } from 'express';
import { mostChanged, type Stamps } from '../db/stamps.ts';
import type { ProductId } from '../model/ids.ts';
import type { Logger } from '../telemetry/logger.ts';

const general = ['runs', 'deliveries', 'products', 'access', 'audit', 'estate'] as const;

/** What a page can follow. `product`: one of those that it named. */
export const topics = [...general, 'product'] as const;
export type Topic = (typeof topics)[number];

/** What makes a page ask anew. */
export interface Following {
  /** Of several that changed at once, a page is told the first. */
  readonly topics: readonly Topic[];
  /** Behind the topic `product`. */
  readonly products: readonly ProductId[];
}

export interface LiveOptions {
  readonly read: (since: Date | null) => Promise<Stamps>;
  readonly log: Logger;
  /** How often the database is looked at for what other processes did. */
  readonly tickMs: number;
  /** Work of this process is told at once, but not more often than this: every time, all open pages ask anew. */
  readonly restMs: number;
}

interface Watcher extends Following {
  readonly response: Response;
}

/** Proxies end connections on which nothing is said for a minute. */
const breathMs = 20_000;

export class Live implements Disposable {
  readonly #options: LiveOptions;
  readonly #watchers = new Set<Watcher>();
  #last: Stamps | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking = false;
  #again = false;
  #breathedAt = 0;
  #lookedAt = 0;
  #version = 0;
  #ended = false;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Changes whenever open pages are told of something: what was rendered under an earlier one is out of date. */
  get version(): number {
    return this.#version;
  }

  /** How many pages are open. */
  get watching(): number {
    return this.#watchers.size;
  }

  /** Keeps the response open and tells it what it follows, until it is closed. */
  watch(response: Response, following: Following): void {
    if (this.#ended) return void response.status(503).end();
    const watcher = { response, ...following };
    response.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    response.write('retry: 2000\n\n');
    // What changed between the page's reading and now nobody would tell it: so it looks again, once.
    if (this.#last !== null) response.write(frame('ready'));
    this.#watchers.add(watcher);
    response.once('close', () => this.#watchers.delete(watcher));
    if (this.#timer === null) this.#wait(0);
  }

  /** This process did something that pages may show. */
  poke(): void {
    if (this.#watchers.size === 0) return;
    if (this.#looking) this.#again = true;
    else this.#wait(Math.max(0, this.#lookedAt + this.#options.restMs - Date.now()));
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const { response } of this.#watchers) response.end();
  }

  #wait(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms).unref();
  }

  async #look(): Promise<void> {
    this.#timer = null;
    if (this.#watchers.size === 0) {
      // What changes while nobody watches is in the pages that are opened next.
      this.#last = null;
      return;
    }
    this.#looking = true;
    this.#again = false;
    this.#lookedAt = Date.now();
    try {
      const now = await this.#options.read(this.#last?.newest ?? null);
      if (this.#last === null) {
        // What changed while nobody watched, nobody knows.
        this.#version += 1;
        this.#say(frame('ready'));
      } else this.#compare(this.#last, now);
      this.#last = now;
      this.#breathe();
    } catch (error) {
      this.#options.log.warn('open pages could not be told what changed', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
    this.#looking = false;
    if (!this.#ended) this.#wait(this.#again ? this.#options.restMs : this.#options.tickMs);
  }

  #compare(before: Stamps, now: Stamps): void {
    const changed = new Set<Topic>(general.filter((topic) => before[topic] !== now[topic]));
    if (changed.size === 0) return;
    this.#version += 1;
    const noted = new Set(now.changed);
    const anyProduct = changed.has('access') || noted.size === mostChanged;
    for (const { response, topics: followed, products } of this.#watchers) {
      const own = anyProduct || products.some((id) => noted.has(id));
      // One word, however much changed: a page asks once for each word that it is told.
      const news = followed.find((topic) => (topic === 'product' ? own : changed.has(topic)));
      if (news !== undefined) response.write(frame(news));
    }
  }

  #breathe(): void {
    if (this.#lookedAt - this.#breathedAt < breathMs) return;
    this.#breathedAt = this.#lookedAt;
    this.#say(':\n\n');
  }

  #say(text: string): void {
    for (const { response } of this.#watchers) response.write(text);
  }
}

function frame(topic: Topic | 'ready'): string {
  return `event: ${topic}\ndata: changed\n\n`;
}
