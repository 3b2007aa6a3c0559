import { describe, expect, test } from 'vitest';
import { reasonToBrake } from '../../../src/reconcile/brake.ts';

const settings = { percent: 20, minimum: 3, windowMs: 600_000 };

describe('the brake', () => {
  test.each([
    ['two of three: fewer than the minimum', { gone: 2, recently: 0, known: 3 }, false],
    ['three of fifteen: exactly the share', { gone: 3, recently: 0, known: 15 }, false],
    ['three of fourteen: over the share', { gone: 3, recently: 0, known: 14 }, true],
    ['one now, two torn down within the window, of ten', { gone: 1, recently: 2, known: 8 }, true],
    ['a hundred of a thousand', { gone: 100, recently: 0, known: 1000 }, false],
    ['all of them', { gone: 50, recently: 0, known: 50 }, true],
  ])('%s', (_what, disappearance, engaged) => {
    expect(reasonToBrake(disappearance, settings) !== null).toBe(engaged);
  });
});
