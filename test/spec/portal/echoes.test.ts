import { afterEach, describe, expect, it, vi } from 'vitest';
import { ProductId } from '../../../src/model/ids.ts';
import { Echoes } from '../../../src/portal/echoes.ts';

const [one, other] = [1, 2].map((n) => ProductId.parse(`10000000-0000-4000-8000-00000000000${n}`)) as [
  ProductId,
  ProductId,
];

afterEach(() => void vi.useRealTimers());

describe('a finalizer that was added to a product', () => {
  it('is ours once for each that we add', () => {
    const echoes = new Echoes();
    echoes.expect(one);
    expect([echoes.isOwn(one), echoes.isOwn(one)]).toEqual([true, false]);
  });

  it('is somebody else’s when it is another product’s', () => {
    const echoes = new Echoes();
    echoes.expect(one);
    expect([echoes.isOwn(other), echoes.isOwn(one)]).toEqual([false, true]);
  });

  it('is looked at when the portal tells of it long after', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const echoes = new Echoes();
    echoes.expect(one);
    vi.advanceTimersByTime(10_001);
    expect(echoes.isOwn(one)).toBe(false);
  });
});
