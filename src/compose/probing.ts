/** Finds out in the background what the store really does. */
import { setTimeout as pause } from 'node:timers/promises';
import { asProvisionerError } from '../model/errors.ts';
import { type Capabilities, limitationsOf } from '../model/store-report.ts';
import type { Logger } from '../telemetry/logger.ts';

const againMs = 10_000;

export interface Probing {
  readonly probe: () => Promise<Capabilities>;
  /** The store's name, for people. */
  readonly store: string;
  readonly log: Logger;
  /** Ends the waiting for another try. */
  readonly signal: AbortSignal;
}

/**
 * Nobody waits for it: a product's own proof stands before its keys, whatever the probe says. But one that was cut off
 * by an outage leaves its principal behind, with keys, and only the next one removes it: so it is tried until it ends.
 *
 * @returns `null`: it can not be found out
 */
export async function findCapabilities({ probe, store, log, signal }: Probing): Promise<Capabilities | null> {
  while (!signal.aborted) {
    try {
      const capabilities = await probe();
      const limitations = limitationsOf(capabilities);
      if (limitations.length === 0) log.info('the store gives every guarantee', { store, ...capabilities });
      else log.warn('the store does not give every guarantee', { store, limitations, ...capabilities });
      return capabilities;
    } catch (thrown) {
      if (signal.aborted) return null;
      const { code, message, retryable } = asProvisionerError(thrown);
      log.warn('the store could not be probed', { store, code, error: message });
      if (!retryable) return null;
    }
    await pause(againMs, undefined, { signal }).catch(() => undefined);
  }
  return null;
}
