import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '../../../src/queue/backoff.ts';

test('a failed run is tried again after 1 s to 60 s, later each time', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempts, random) => {
        expect(backoffMs(attempts, random)).toBeGreaterThanOrEqual(1000);
        expect(backoffMs(attempts, random)).toBeLessThanOrEqual(60_000);
        expect(backoffMs(attempts + 1, 0)).toBeGreaterThanOrEqual(backoffMs(attempts, 0));
      },
    ),
  );
});
