/** The simulator is held against the recorded life of the real portal, call by call. */
import { describe, expect, test } from 'vitest';
import { goThroughAccess } from './acts-of-access.ts';
import { end } from './acts-of-ending.ts';
import { makeEverything } from './acts-of-making.ts';
import { Life } from './life.ts';
import { recordedAnswer } from './recordings.ts';
import { Replay } from './replay.ts';

describe.each(['v0.7.0', 'main'] as const)('the recorded life of %s', (generation) => {
  test('is answered, and announced, call by call as the real portal did', async () => {
    await using life = await Life.begin(generation);
    const replay = new Replay(life, generation);
    const cast = await makeEverything(replay);
    await goThroughAccess(replay, cast);
    await end(replay, cast);
  });

  test('lists the same kind of configuration as the real portal', async () => {
    await using life = await Life.begin(generation);
    const keysOf = (list: unknown) =>
      Object.keys(Object.values(list as Record<string, object[]>)[0]?.[0] ?? {});
    for (const [path, name] of [
      ['data_product_lifecycles', 'lifecycles'],
      ['data_product_types', 'types'],
      ['domains', 'domains'],
      ['tags', 'tags'],
      ['data_product_settings', 'settings-defs'],
    ] as const) {
      const ours = await life.done<Record<string, unknown>>('GET', `/configuration/${path}`);
      const recorded = recordedAnswer(generation, name).response as Record<string, unknown>;
      expect(Object.keys(ours)).toEqual(Object.keys(recorded));
      expect(keysOf(ours).sort()).toEqual(keysOf(recorded).sort());
    }
    const user = recordedAnswer(generation, 'user-current').response as object;
    expect(Object.keys(await life.done<object>('GET', '/users/current'))).toEqual(Object.keys(user));
    expect(await life.done('GET', '/resource_names/constraints')).toEqual(
      recordedAnswer(generation, 'resource-name-constraints').response,
    );
  });
});
