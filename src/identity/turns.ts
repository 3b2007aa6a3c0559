/** One change after another for each principal: stores lose some of those that come at the same time. */
import type { PrincipalName } from './issuer.ts';

export class Turns {
  /** What was asked last for each principal. */
  readonly #last = new Map<PrincipalName, Promise<unknown>>();

  /** Makes the change when all that were asked for before, of this principal, have ended. */
  async take<T>(principal: PrincipalName, change: () => Promise<T>): Promise<T> {
    const before = this.#last.get(principal) ?? Promise.resolve();
    const mine = before.then(change, change);
    const settled = mine.catch(() => undefined);
    this.#last.set(principal, settled);
    try {
      return await mine;
    } finally {
      if (this.#last.get(principal) === settled) this.#last.delete(principal);
    }
  }
}
