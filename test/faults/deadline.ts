/** How long things may take to be in order again, and what that means. */
import { expect } from 'vitest';
import { exactInventory, worksAlone } from '../support/inventory.ts';
import { eventually, type Stage } from '../support/world.ts';

/** After the end of any trouble everything is in order within so long. */
export const convergenceMs = 60_000;

/** One time for all that is waited for: what comes late leaves less for what comes after it. */
export class Deadline {
  readonly #beganMs = performance.now();
  readonly #ms: number;

  /** @param ms from now on */
  constructor(ms: number = convergenceMs) {
    this.#ms = ms;
  }

  get passedMs(): number {
    return performance.now() - this.#beganMs;
  }

  /** What is left of it; never less than one look takes. */
  get leftMs(): number {
    return Math.max(1, this.#ms - this.passedMs);
  }

  /** Waits until `look` gives something, as `eventually`, but no longer than this. */
  soon<T>(what: string, look: () => Promise<T> | T): Promise<NonNullable<T>> {
    return eventually(what, look, this.leftMs);
  }
}

/** Waits until each home has one key that works and opens nothing else, and the store holds nothing besides. */
export async function converges(stage: Stage, homes: readonly string[], deadline: Deadline): Promise<void> {
  for (const home of homes) await deadline.soon(`a key in ${home}`, () => worksAlone(stage, home));
  await exactInventory(stage, homes, deadline.leftMs);
  const seconds = (deadline.passedMs / 1000).toFixed(1);
  process.stderr.write(`in order after ${seconds} s: ${expect.getState().currentTestName}\n`);
}
