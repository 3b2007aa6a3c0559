/** What a store can not answer for a moment does not fail a run. */
import pRetry from 'p-retry';
import { ProvisionerError } from '../model/errors.ts';
import type { RequestGate } from '../model/gate.ts';

const retries = 2;

/**
 * Sends, again when the store could not answer; each try passes the gate.
 *
 * @param gate every request passes when left out
 * @param send throws `ProvisionerError`, which tells whether another try can help
 */
export function inTries<T>(gate: RequestGate | undefined, send: () => Promise<T>): Promise<T> {
  return pRetry(() => gate?.add(send) ?? send(), {
    retries,
    minTimeout: 100,
    shouldRetry: ({ error }) => error instanceof ProvisionerError && error.retryable && !error.turnedAway,
  });
}
