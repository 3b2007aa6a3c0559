/** Waiting for what must come true. */
import { setTimeout as wait } from 'node:timers/promises';

/** Looks until there is something; fails with `what` after `timeoutMs`. */
export async function until<T>(what: string, look: () => Promise<T | null>, timeoutMs = 30_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > deadline)
      throw new Error(`${what} did not come within ${timeoutMs / 1000} s; see the log`);
    await wait(25);
  }
}
