import { describe, expect, test } from 'vitest';
import { driftIn } from '../../../src/reconcile/drift.ts';
import { type Observed, plan } from '../../../src/reconcile/plan.ts';
import { aKey, aWish, inOrder, nothingThere, nowMs } from './state.ts';

const settled = { wasReady: true, wishChanged: false };
const drift = (observed: Observed, before = settled) => driftIn(plan(aWish(), observed), observed, before);

describe('drift is', () => {
  test('nothing in a home that is in order', () => {
    expect(drift(inOrder())).toEqual([]);
  });

  test.each([
    ['policy', { policy: null }],
    ['prefix', { marked: false }],
    ['principal', { principalExists: false }],
    ['finalizer', { finalizers: [] }],
    ['files', { files: { 'run.sh': 'changed', 'README.md': 'edited' } }],
  ] as const)('what others did to the %s', (field, change) => {
    expect(drift(inOrder(change))).toEqual([field]);
  });

  test('a key that was switched off, and the .env that follows it', () => {
    expect(drift(inOrder({ keys: [aKey('K1', { active: false })] }))).toEqual(['key', 'env']);
  });
});

describe('no drift is', () => {
  test('the way to a first home, or to one that was not reached yet', () => {
    expect(drift(nothingThere(), { ...settled, wasReady: false })).toEqual([]);
  });

  test('what follows from another wish', () => {
    expect(drift(inOrder({ policy: null }), { ...settled, wishChanged: true })).toEqual([]);
  });

  test('a session that is renewed because it is time', () => {
    const key = aKey('K1', { issuedAtMs: nowMs - 3_600_000, expiresAtMs: nowMs + 1000 });
    expect(drift(inOrder({ keys: [key] }))).toEqual([]);
  });

  test('what a person did to a starter file', () => {
    expect(drift(inOrder({ files: { 'run.sh': 'aa' } }))).toEqual([]);
  });
});
