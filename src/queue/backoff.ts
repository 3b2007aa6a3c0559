/** When a failed run is tried again: pure. */

const firstMs = 1000;
const longestMs = 60_000;

/**
 * Wait before the next try, in milliseconds: 1 s doubling to 60 s, stretched by up to half so that products which
 * failed together do not come back together.
 *
 * @param attempts failed runs in a row so far, 1 or more
 * @param random a number in [0, 1)
 */
export function backoffMs(attempts: number, random: number): number {
  const wait = firstMs * 2 ** Math.min(attempts - 1, 16);
  return Math.min(longestMs, wait * (1 + random / 2));
}
