/** The defaults of data products' settings: the same for all products, so they are not read again for each. */
import type { Settings } from './mapping.ts';

/** How defaults are read and kept. */
export interface SettingDefaultsOptions {
  readonly read: () => Promise<Settings>;
  /** How long what was read counts. */
  readonly keepMs: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Keeps what was read last; callers at the same time share one reading. */
export class SettingDefaults {
  readonly #options: SettingDefaultsOptions;
  #reading: { readonly sinceMs: number; readonly result: Promise<Settings> } | null = null;

  constructor(options: SettingDefaultsOptions) {
    this.#options = options;
  }

  /** What was read lately, or the reading that is under way, or a new one. A failure is not kept; throws as `read`. */
  current(): Promise<Settings> {
    const now = this.#options.clock();
    const kept = this.#reading;
    if (kept !== null && now - kept.sinceMs < this.#options.keepMs) return kept.result;
    const reading = { sinceMs: now, result: this.#options.read() };
    this.#reading = reading;
    reading.result.catch(() => {
      if (this.#reading === reading) this.#reading = null;
    });
    return reading.result;
  }

  /** From now on a new reading, for when they may have changed. */
  forget(): void {
    this.#reading = null;
  }
}
