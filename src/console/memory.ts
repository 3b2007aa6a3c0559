/** Parts of pages that many people have open: made once for all of them, until something changes. */
import type { Live } from './live.ts';
import type { Page } from './page.ts';

interface Kept {
  readonly version: number;
  readonly until: number;
  readonly page: Promise<Page | null>;
}

/** However quiet it is: what a page says grows old by itself (ages, ends of keys). */
const keepMs = 5000;
const most = 200;

export class Memory {
  readonly #live: Live;
  readonly #clock: () => Date;
  readonly #kept = new Map<string, Kept>();

  constructor(live: Live, clock: () => Date) {
    this.#live = live;
    this.#clock = clock;
  }

  /** @param key tells apart whatever makes pages differ: the address, and what the visitor may */
  recall(key: string, make: () => Promise<Page | null>): Promise<Page | null> {
    const now = this.#clock().getTime();
    const { version } = this.#live;
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.version === version && kept.until > now) return kept.page;
    const page = make();
    this.#kept.delete(key);
    this.#kept.set(key, { version, until: now + keepMs, page });
    page.catch(() => this.#kept.delete(key));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > most && oldest !== undefined) this.#kept.delete(oldest);
    return page;
  }
}
