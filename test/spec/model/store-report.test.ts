/** What a store lacks, said in a sentence each. */
import { expect, test } from 'vitest';
import { storeNameAt } from '../../../src/identity/store-name.ts';
import { type Capabilities, limitationsOf } from '../../../src/model/store-report.ts';

const whole: Capabilities = {
  policies: 'enforced',
  secondKey: true,
  switchOff: true,
  selfService: [],
  sessions: false,
};

test('a store that does all that guarantees need lacks nothing, with sessions or without', () => {
  expect(limitationsOf(whole)).toEqual([]);
  expect(limitationsOf({ ...whole, sessions: true })).toEqual([]);
});

test('tokens that a key takes end with the key, and are no limitation', () => {
  expect(limitationsOf({ ...whole, selfService: ['session tokens'] })).toEqual([]);
});

test.each<[change: Partial<Capabilities>, words: RegExp]>([
  [{ policies: 'The key can list everything.' }, /^The key can list everything\.$/],
  [{ secondKey: false }, /one key of a product work at a time/],
  [{ switchOff: false }, /switched off works on/],
  [{ selfService: ['own secret'] }, /replace its own secret/],
  [{ selfService: ['further keys'] }, /make further keys/],
  [{ selfService: ['own policy'] }, /change its own policy/],
])('%o is a limitation', (change, words) => {
  const limitations = limitationsOf({ ...whole, ...change });
  expect(limitations).toEqual([expect.stringMatching(words)]);
});

test('AWS is known by its addresses', async () => {
  for (const host of ['s3.eu-west-1.amazonaws.com', 's3.amazonaws.com', 's3.cn-north-1.amazonaws.com.cn'])
    expect(await storeNameAt(`https://${host}`)).toBe('AWS');
});
