import { describe, expect, it } from 'vitest';
import { SettingDefaults } from '../../../src/portal/setting-defaults.ts';

function readings(outcomes: (string | Error)[]) {
  const state = { now: 0, reads: 0 };
  const defaults = new SettingDefaults({
    read: async () => {
      const outcome = outcomes[state.reads++];
      if (outcome instanceof Error) throw outcome;
      return { engine: outcome ?? 'unset' };
    },
    keepMs: 1000,
    clock: () => state.now,
  });
  return { state, defaults };
}

describe('defaults of settings', () => {
  it('are read once for all who ask at the same time or soon after', async () => {
    const { state, defaults } = readings(['one', 'two']);
    const both = await Promise.all([defaults.current(), defaults.current()]);
    state.now = 999;
    expect([...both, await defaults.current()]).toEqual(Array(3).fill({ engine: 'one' }));
    state.now = 1000;
    expect(await defaults.current()).toEqual({ engine: 'two' });
    expect(state.reads).toBe(2);
  });

  it('are read again after they were forgotten', async () => {
    const { defaults } = readings(['one', 'two']);
    await defaults.current();
    defaults.forget();
    expect(await defaults.current()).toEqual({ engine: 'two' });
  });

  it('are read again after a failure', async () => {
    const { defaults } = readings([new Error('away'), 'one']);
    await expect(defaults.current()).rejects.toThrow('away');
    expect(await defaults.current()).toEqual({ engine: 'one' });
  });
});
