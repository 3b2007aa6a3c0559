/** When a failed run is tried again: pure. */
import type { ProvisionerError } from '../model/errors.ts';

const firstMs = 1000;
/** Without its jitter; with it 60 s. */
const longestMs = 40_000;

/** A failed run, as far as the next try depends on it. */
export interface Failed {
  readonly needs: ProvisionerError['needs'];
  /** Failed runs in a row so far, 1 or more. */
  readonly attempts: number;
  /** After so many the product is parked. */
  readonly maxTries: number;
}

/**
 * Wait before the next try, in milliseconds: 1 s doubling to 60 s, stretched by up to half so that products which
 * failed together do not come back together. `null`: it is parked, and tried at the slow pace of resync and drift check.
 *
 * @param random a number in [0, 1)
 */
export function nextTryMs({ needs, attempts, maxTries }: Failed, random: number): number | null {
  if (needs === 'person' || attempts >= maxTries) return null;
  const wait = Math.min(longestMs, firstMs * 2 ** Math.min(attempts - 1, 16));
  return wait * (1 + random / 2);
}
