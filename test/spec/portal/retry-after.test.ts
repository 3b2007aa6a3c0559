import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../../src/portal/failure.ts';

describe('Retry-After', () => {
  const now = Date.parse('2026-11-20T10:00:00Z');

  it.each([
    ['3', 3000],
    ['0', 0],
    ['Fri, 20 Nov 2026 10:00:07 GMT', 7000],
    ['Fri, 20 Nov 2026 09:00:00 GMT', 0],
    ['soon', null],
    [null, null],
  ])('%j is %j ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});
