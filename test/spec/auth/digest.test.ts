import { timingSafeEqual } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { sameText, seal, unseal } from '../../../src/auth/digest.ts';

vi.mock(import('node:crypto'), async (original) => {
  const crypto = await original();
  return { ...crypto, timingSafeEqual: vi.fn(crypto.timingSafeEqual) };
});

describe('a comparison of secrets', () => {
  it.each([
    ['the same', 'the same', true],
    ['the same', 'the sama', false],
    ['short', 'shorter', false],
    ['', '', true],
    ['', 'x', false],
  ])('of %j and %j is %s, and runs in constant time whatever their lengths', (left, right, same) => {
    vi.mocked(timingSafeEqual).mockClear();
    expect(sameText(left, right)).toBe(same);
    expect(vi.mocked(timingSafeEqual)).toHaveBeenCalledExactlyOnceWith(
      expect.any(Buffer),
      expect.any(Buffer),
    );
    const [first, second] = vi.mocked(timingSafeEqual).mock.calls[0] ?? [];
    expect([first?.byteLength, second?.byteLength]).toEqual([32, 32]);
  });
});

describe('a sealed text', () => {
  const sealed = seal('a secret', 'login', 'anna.b');

  it('opens with its secret and purpose', () => {
    expect(unseal('a secret', 'login', sealed)).toBe('anna.b');
  });

  it.each([
    ['another secret', unseal('another', 'login', sealed)],
    ['another purpose', unseal('a secret', 'attempt', sealed)],
    ['a changed text', unseal('a secret', 'login', sealed.replace('anna', 'emma'))],
    ['no signature', unseal('a secret', 'login', 'anna')],
    ['nothing', unseal('a secret', 'login', '')],
  ])('does not open with %s', (_what, opened) => {
    expect(opened).toBeNull();
  });
});
