/** When a new version of a template goes on to all. */
import { expect, test } from 'vitest';
import { judgeTrial, type Trial, type Verdict } from '../../../src/reconcile/rollout-stage.ts';

const none: Trial = { succeeded: 0, failed: 0, trying: 0, more: false };

test.each<[why: string, trial: Partial<Trial>, stopAfter: number, verdict: Verdict]>([
  ['the canaries that were wished did well', { succeeded: 3 }, 1, 'goes on'],
  ['one still tries it', { succeeded: 2, trying: 1 }, 1, 'is tried'],
  ['there may be another who tries it', { succeeded: 2, more: true }, 1, 'is tried'],
  ['there are no more than those who did well', { succeeded: 1 }, 1, 'goes on'],
  ['one failed, and one is enough', { failed: 1, trying: 2, more: true }, 1, 'stops'],
  ['one failed, and two would be needed', { failed: 1, trying: 2 }, 2, 'is tried'],
  ['one failed of three, and two would be needed', { succeeded: 2, failed: 1 }, 2, 'goes on'],
  ['two failed', { failed: 2, trying: 1 }, 2, 'stops'],
  ['the only one there is failed, however many would be needed', { failed: 1 }, 2, 'stops'],
  ['nobody was asked yet', { more: true }, 1, 'is tried'],
  ['nobody may try it', {}, 1, 'nobody can try it'],
])('%s', (_why, trial, stopAfter, verdict) => {
  expect(judgeTrial({ ...none, ...trial }, { canaries: 3, stopAfter })).toBe(verdict);
});
