/** What people are told of a policy that fills up. */
import { expect, test } from 'vitest';
import type { HomeName } from '../../../src/model/home.ts';
import { conditionsOfHome } from '../../../src/reconcile/conditions.ts';

const conditionsAt = (policyFill: number) =>
  conditionsOfHome({
    namespace: 'sales',
    home: 'sales' as HomeName,
    waiting: [],
    noRoom: [],
    policyFill,
    conflicts: [],
    displaced: [],
    beingEdited: [],
    fixedForMs: null,
    others: [],
  });

test('a policy with room for more is nothing to talk about', () => {
  expect(conditionsAt(0.79).map(({ reason }) => reason)).toEqual(['HomeInOrder']);
});

test('from 80 % of the store’s limit on, a notice says how full the policy is, and the home stays ready', () => {
  const [headline, notice] = conditionsAt(0.8);
  expect(headline).toMatchObject({ type: 'Ready', status: true });
  expect(notice).toMatchObject({ type: 'Notice', status: true, reason: 'PolicyNearLimit' });
  expect(notice?.message).toContain('80 %');
});
