import { describe, expect, expectTypeOf, it } from 'vitest';
import { ProvisionerError } from '../../../src/model/errors.ts';
import { type Calls, timedCalls, watchCalls } from '../../../src/telemetry/calls.ts';

class Adapter {
  readonly kind = 'this';
  readonly inner = { ask: async () => 'inner' };
  readonly #secret = 'held';
  async read(): Promise<string> {
    return this.#secret;
  }
  async fail(): Promise<void> {
    throw new ProvisionerError('STORE_DENIED', 'No.');
  }
  async check(): Promise<void> {}
  propose(): string {
    return this.#secret;
  }
}

describe('an adapter whose calls are watched', () => {
  const heard: string[] = [];
  const around = timedCalls(
    (adapter, operation, outcome) => void heard.push(`${adapter} ${operation} ${outcome}`),
  );

  it('is told of each call with its end, and works as before', async () => {
    const watched = watchCalls('store', new Adapter(), { read: true, fail: true, check: false }, around, {
      inner: { ask: async () => 'replaced' },
    });
    expect(await watched.read()).toBe('held');
    await expect(watched.fail()).rejects.toMatchObject({ code: 'STORE_DENIED' });
    await watched.check();
    expect([watched.propose(), watched.kind, await watched.inner.ask()]).toEqual([
      'held',
      'this',
      'replaced',
    ]);
    expect(heard).toEqual(['store read ok', 'store fail STORE_DENIED']);
  });

  it('names every call that gives a promise: the compiler refuses one that is forgotten, or no call', () => {
    expectTypeOf<keyof Calls<Adapter>>().toEqualTypeOf<'read' | 'fail' | 'check'>();
    // @ts-expect-error `check` is forgotten
    expect(watchCalls('store', new Adapter(), { read: true, fail: true }, around)).toBeDefined();
  });
});
