/** What a product's key can do past us, tried call by call. */
import { ProvisionerError } from '../model/errors.ts';
import type { SelfService } from '../model/store-report.ts';

/**
 * @param tries one call for each, with the key itself; they are made one after another
 * @returns those that the store did
 * @throws ProvisionerError `STORE_UNAVAILABLE`: that says nothing
 */
export async function tryEach(
  tries: readonly (readonly [what: SelfService, call: () => Promise<unknown>])[],
): Promise<readonly SelfService[]> {
  const done: SelfService[] = [];
  for (const [what, call] of tries) {
    const refused = await call().then(
      () => false,
      (thrown: unknown) => {
        if (thrown instanceof ProvisionerError && !thrown.retryable) return true;
        throw thrown;
      },
    );
    if (!refused) done.push(what);
  }
  return done;
}
