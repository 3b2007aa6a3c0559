/** What a policy opens, judged by an evaluator of its own: exactly the own prefix and the granted ones. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemblePolicy } from '../../../src/grants/policy.ts';
import type { HomeName } from '../../../src/model/home.ts';
import { allows, s3Requests } from '../../support/iam-evaluator.ts';

const bucket = 'data-products';

/** Names that sit close together: prefixes of each other, dots, dashes. */
const home = fc
  .array(fc.constantFrom('a', 'b', 'sales', '-', '.', '_', '1'), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))
  .filter((name) => /^[a-z0-9]/.test(name)) as fc.Arbitrary<HomeName>;
const homes = fc.uniqueArray(home, { minLength: 1, maxLength: 12 });
const file = fc.constantFrom('x', '.keep', 'output/t/part.parquet', 'a/../b', '*', '?', 'ü ß+=');

/** Some homes, which one is the product's own, which ones it may read, and a home and file that are asked for. */
const situations = homes.chain((all) =>
  fc.record({
    own: fc.constantFrom(...all),
    inputs: fc.subarray(all),
    asked: fc.constantFrom(...all),
    key: file,
  }),
);

const writes = ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'];
const never = [
  's3:PutObjectAcl',
  's3:PutBucketPolicy',
  's3:DeleteBucket',
  's3:ListAllMyBuckets',
  's3:PutObjectTagging',
  's3:ListBucketVersions',
  'iam:CreateAccessKey',
  'sts:AssumeRole',
  'admin:CreateUser',
];

describe('a product’s policy', () => {
  test('opens objects of its own prefix for reading and writing, of its inputs for reading, and no others', () => {
    fc.assert(
      fc.property(situations, ({ own, inputs, asked, key }) => {
        const policy = assemblePolicy(bucket, own, inputs);
        const on = (action: string) => allows(policy, s3Requests.object(action, bucket, `${asked}/${key}`));
        expect(on('s3:GetObject')).toBe(asked === own || inputs.includes(asked));
        for (const action of writes) expect(on(action)).toBe(asked === own);
        for (const action of never) expect(on(action)).toBe(false);
      }),
    );
  });

  test('lists its own prefix and its inputs’, with and without the slash, and nothing else', () => {
    fc.assert(
      fc.property(situations, ({ own, inputs, asked, key }) => {
        const policy = assemblePolicy(bucket, own, inputs);
        const open = asked === own || inputs.includes(asked);
        for (const prefix of [asked, `${asked}/`, `${asked}/${key}`]) {
          expect(allows(policy, s3Requests.list(bucket, prefix)), prefix).toBe(open);
        }
        for (const prefix of [undefined, '', '/']) {
          expect(allows(policy, s3Requests.list(bucket, prefix))).toBe(false);
        }
      }),
    );
  });

  test('says nothing about other buckets, and nothing about the bucket itself', () => {
    fc.assert(
      fc.property(situations, ({ own, inputs, asked, key }) => {
        const policy = assemblePolicy(bucket, own, inputs);
        for (const other of [`${bucket}-2`, 'data']) {
          const there = s3Requests.object('s3:GetObject', other, `${asked}/${key}`);
          expect(allows(policy, there)).toBe(false);
        }
        for (const action of [...never, ...writes]) {
          expect(allows(policy, { action, resource: `arn:aws:s3:::${bucket}`, context: {} })).toBe(false);
        }
      }),
    );
  });
});
