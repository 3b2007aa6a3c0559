/** Waiting for what must come true. */
import { setTimeout as wait } from 'node:timers/promises';
import { interrupted } from './interruption.ts';

/** Looks until there is something; fails with `what` after `timeoutMs`, or when the demo is interrupted. */
export async function until<T>(what: string, look: () => Promise<T | null>, timeoutMs = 30_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    interrupted.throwIfAborted();
    if (Date.now() > deadline)
      throw new Error(`${what} did not come within ${timeoutMs / 1000} s; see the log`);
    await wait(25);
  }
}
