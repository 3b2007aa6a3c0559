import { describe, expect, test } from 'vitest';
import { differencesOf, driftOf, partOf } from '../../../src/reconcile/differences.ts';
import { aKey, anEnv, aWish, inOrder, nothingThere } from './state.ts';

const fields = (found: readonly { readonly field: string }[]) => found.map(({ field }) => field);

describe('drift', () => {
  test('there is none in what is in order, and none on the way to a first home', () => {
    expect(driftOf(aWish(), inOrder())).toEqual([]);
    expect(driftOf(aWish(), nothingThere())).toEqual([]);
  });

  test('there is none where the portal says something new: that is a wish', () => {
    const found = inOrder({ policy: {}, grants: ['p1'] });
    expect(driftOf(aWish({ grants: ['p1', 'p2'] }), found)).toEqual([]);
  });

  test('there is none where a setting changed: the lines of .env are as they were last written', () => {
    expect(driftOf(aWish({ env: { S3_PREFIX: 'sales/', S3_REGION: 'eu-west-1' } }), inOrder())).toEqual([]);
  });

  test('there is none where the template changed: the file is as it was last rendered', () => {
    const wish = aWish({ files: [{ path: 'run.sh', digest: 'new', ownership: 'managed' }] });
    expect(driftOf(wish, inOrder())).toEqual([]);
  });

  const wish = aWish({ env: { S3_PREFIX: 'sales/', S3_BUCKET: 'data-products' } });
  test.each([
    ['a policy', inOrder({ policy: {} }), ['policy']],
    ['a principal that is gone', inOrder({ principalExists: false }), ['principal']],
    ['a marker that is gone', inOrder({ marked: false }), ['prefix']],
    ['our finalizer taken off', inOrder({ finalizers: [] }), ['finalizer']],
    ['a key that is not ours', inOrder({ keys: [aKey('K1'), aKey('K2', { state: 'unknown' })] }), ['key K2']],
    ['a key switched off', inOrder({ keys: [aKey('K1', { active: false })] }), ['key K1', '.env key']],
    ['an .env that is gone', inOrder({ env: null }), ['.env']],
    [
      'a line of .env that was changed, one that was taken out and one that was put in',
      inOrder({ env: anEnv({ edited: true, entries: { S3_PREFIX: 'other/', MINE: '1' } }) }),
      ['.env S3_PREFIX', '.env S3_BUCKET', '.env MINE'],
    ],
    [
      'an .env in which AWS’s tools find another key',
      inOrder({ env: anEnv({ consistent: false }) }),
      ['.env key'],
    ],
    ['an .env opened', inOrder({ env: anEnv({ guarded: false }) }), ['.env mode and owner']],
    ['a managed file', inOrder({ files: { 'run.sh': 'zz', 'README.md': 'edited' } }), ['file run.sh']],
  ])('is %s', (_what, observed, expected) => {
    expect(fields(driftOf(wish, observed))).toEqual(expected);
  });
});

test('a dry run tells every difference, wished or drifted, and no value of .env', () => {
  const found = differencesOf(aWish({ env: { S3_PREFIX: 'sales/', TOKEN: 'secret' } }), nothingThere());
  expect(fields(found)).toEqual(['finalizer', 'prefix', 'principal', 'policy', '.env', 'file run.sh']);
  const changed = differencesOf(aWish({ env: { S3_PREFIX: 'sales/', TOKEN: 'secret' } }), inOrder());
  expect(changed).toEqual([{ field: '.env TOKEN', found: null, wanted: 'set' }]);
});

test('a dry run tells an approval that got another end', () => {
  const wish = aWish({ grants: ['p1'] });
  const grantFacts = wish.grantFacts.map((facts) => ({ ...facts, validUntil: '2027-01-31' }));
  expect(differencesOf({ ...wish, grantFacts }, inOrder({ grants: ['p1'] }))).toEqual([
    { field: 'grants', found: 'p1 ("Leads", without end)', wanted: 'p1 ("Leads", until 2027-01-31)' },
  ]);
});

test('parts of a home are few words, whatever the field', () => {
  expect(['key AKIA1', 'file a b.sql', '.env key', 'policy'].map(partOf)).toEqual([
    'key',
    'file',
    '.env',
    'policy',
  ]);
});
