import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextTryMs } from '../../../src/queue/backoff.ts';

const passing = { needs: 'time', attempts: 1, maxTries: 10 } as const;

describe('a failed run', () => {
  test('is tried again after 1 s to 60 s, later each time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempts, random) => {
          const waitMs = (failed: number, by: number) =>
            nextTryMs({ ...passing, attempts: failed, maxTries: 2000 }, by) ?? Number.NaN;
          expect(waitMs(attempts, random)).toBeGreaterThanOrEqual(1000);
          expect(waitMs(attempts, random)).toBeLessThanOrEqual(60_000);
          expect(waitMs(attempts + 1, 0)).toBeGreaterThanOrEqual(waitMs(attempts, 0));
        },
      ),
    );
  });

  test('does not come back together with others, however often they failed', () => {
    const waits = [0, 0.5, 0.9].map((random) =>
      nextTryMs({ ...passing, attempts: 500, maxTries: 1000 }, random),
    );
    expect(new Set(waits).size).toBe(3);
  });

  test('is parked after so many tries in a row', () => {
    expect(nextTryMs({ ...passing, attempts: 9 }, 0)).not.toBeNull();
    expect(nextTryMs({ ...passing, attempts: 10 }, 0)).toBeNull();
  });

  test('is parked at once when a person has to put something right', () => {
    expect(nextTryMs({ ...passing, needs: 'person' }, 0)).toBeNull();
  });

  test('is tried again when it met a fault of ours: the next try may not meet it', () => {
    expect(nextTryMs({ ...passing, needs: 'fix' }, 0)).not.toBeNull();
  });
});
