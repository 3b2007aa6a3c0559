import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planFiles, type WantedFile } from '../../../src/reconcile/plan-files.ts';

const file = (ownership: WantedFile['ownership'], digest = 'v2'): WantedFile => ({
  path: 'file',
  digest,
  ownership,
});
const at = (live?: string, rendered?: string) => ({
  live: live === undefined ? {} : { file: live },
  rendered: rendered === undefined ? {} : { file: rendered },
});
const stepsOf = (wanted: readonly WantedFile[], found: ReturnType<typeof at>) => {
  const { write, merge, remove } = planFiles(wanted, found);
  return { write: write.length, merge: merge.length, remove: remove.length };
};
const nothing = { write: 0, merge: 0, remove: 0 };
const write = { ...nothing, write: 1 };

describe('a managed file', () => {
  test.each<[string, string | undefined, string | undefined, typeof nothing]>([
    ['is written when it is new', undefined, undefined, write],
    ['is left when it is the same', 'v2', 'v1', nothing],
    ['is written over a person’s change', 'edited', 'v2', write],
    ['comes back when it was deleted', undefined, 'v2', write],
  ])('%s', (_what, live, rendered, steps) => {
    expect(stepsOf([file('managed')], at(live, rendered))).toEqual(steps);
  });
});

describe('a starter', () => {
  test.each<[string, string | undefined, string | undefined, typeof nothing]>([
    ['is written when it is new', undefined, undefined, write],
    ['is never written again', 'v1', 'v1', nothing],
    ['is left as a person changed it', 'edited', 'v1', nothing],
    ['stays away when it was deleted', undefined, 'v1', nothing],
    ['is not written over what lies there', 'edited', undefined, nothing],
  ])('%s', (_what, live, rendered, steps) => {
    expect(stepsOf([file('once')], at(live, rendered))).toEqual(steps);
  });
});

describe('a merged file', () => {
  test.each<[string, string | undefined, string | undefined, typeof nothing]>([
    ['is written when it is new', undefined, undefined, write],
    ['follows the template while nobody touched it', 'v1', 'v1', write],
    ['is left while only a person changed it', 'edited', 'v2', nothing],
    ['is merged when both changed it', 'edited', 'v1', { ...nothing, merge: 1 }],
    ['stays away when it was deleted', undefined, 'v1', nothing],
    ['is left when it is the same already', 'v2', 'v1', nothing],
    ['is merged with what lay there before us', 'theirs', undefined, { ...nothing, merge: 1 }],
  ])('%s', (_what, live, rendered, steps) => {
    expect(stepsOf([file('merged')], at(live, rendered))).toEqual(steps);
  });
});

describe('a file that the template has no more', () => {
  test.each<[string, string | undefined, typeof nothing]>([
    ['goes when nobody touched it', 'v1', { ...nothing, remove: 1 }],
    ['is the person’s when it was changed', 'edited', nothing],
    ['is forgotten when it was deleted', undefined, nothing],
  ])('%s', (_what, live, steps) => {
    expect(stepsOf([], at(live, 'v1'))).toEqual(steps);
    expect(planFiles([], at(live, 'v1')).rendered).toEqual({});
  });
});

test('whatever is there, a person’s text is written over only in managed files', () => {
  const digest = fc.constantFrom('v1', 'v2', 'edited', undefined);
  const wanted = fc.constantFrom('managed', 'merged', 'once').map((ownership) => file(ownership as 'once'));
  fc.assert(
    fc.property(fc.option(wanted, { nil: undefined }), digest, digest, (desired, live, rendered) => {
      const steps = planFiles(desired === undefined ? [] : [desired], at(live, rendered));
      if (live === undefined || live === rendered || desired?.ownership === 'managed') return;
      expect([...steps.write, ...steps.remove]).toEqual([]);
    }),
  );
});
