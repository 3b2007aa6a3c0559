import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemblePolicy, policySize, samePolicy } from '../../../src/grants/policy.ts';
import { type HomeName, isHomeName } from '../../../src/model/home.ts';

const home = fc
  .stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/)
  .filter(isHomeName)
  .map((name) => name as HomeName);

/** A small reading of the policy language: enough for the documents made here. */
function allows(
  policy: ReturnType<typeof assemblePolicy>,
  action: string,
  resource: string,
  prefix = '',
): boolean {
  const matches = (pattern: string, text: string) =>
    pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
  return policy.Statement.some((statement) => {
    const prefixes = statement.Condition?.StringLike?.['s3:prefix'];
    return (
      statement.Effect === 'Allow' &&
      statement.Action.includes(action) &&
      statement.Resource.some((pattern) => matches(pattern, resource)) &&
      (prefixes === undefined || prefixes.some((pattern) => matches(pattern, prefix)))
    );
  });
}

describe('the policy of a product', () => {
  test('writes on its own prefix and nowhere else, whatever the inputs', () => {
    fc.assert(
      fc.property(home, fc.array(home, { maxLength: 5 }), home, (own, inputs, other) => {
        const policy = assemblePolicy('data', own, inputs);
        expect(allows(policy, 's3:PutObject', `arn:aws:s3:::data/${own}/x`)).toBe(true);
        for (const action of ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload']) {
          expect(allows(policy, action, `arn:aws:s3:::data/${other}/x`)).toBe(other === own);
        }
      }),
    );
  });

  test('reads and lists its own and its inputs’ prefixes and no other', () => {
    fc.assert(
      fc.property(home, fc.array(home, { maxLength: 5 }), home, (own, inputs, other) => {
        const policy = assemblePolicy('data', own, inputs);
        const open = [own, ...inputs].includes(other);
        expect(allows(policy, 's3:GetObject', `arn:aws:s3:::data/${other}/x`)).toBe(open);
        expect(allows(policy, 's3:ListBucket', 'arn:aws:s3:::data', `${other}/`)).toBe(open);
      }),
    );
  });

  test('never lists the root of the bucket', () => {
    fc.assert(
      fc.property(home, fc.array(home), (own, inputs) => {
        expect(allows(assemblePolicy('data', own, inputs), 's3:ListBucket', 'arn:aws:s3:::data', '')).toBe(
          false,
        );
      }),
    );
  });

  test('is the same text for the same wish in another order', () => {
    const [a, b] = ['a', 'b'] as HomeName[];
    const own = 'own' as HomeName;
    expect(
      assemblePolicy(
        'data',
        own,
        [a, b, a].filter((each) => each !== undefined),
      ),
    ).toEqual(
      assemblePolicy(
        'data',
        own,
        [b, a].filter((each) => each !== undefined),
      ),
    );
  });

  test('is recognised in the store however it is spelled', () => {
    const wanted = assemblePolicy('data', 'own' as HomeName, ['in' as HomeName]);
    const respelled = JSON.parse(JSON.stringify(wanted).replace('["s3:ListBucket"]', '"s3:ListBucket"'));
    expect(samePolicy(wanted, respelled)).toBe(true);
    expect(samePolicy(wanted, { ...respelled, Statement: [] })).toBe(false);
    expect(samePolicy(wanted, null)).toBe(false);
  });

  test('is counted as AWS counts: without white space', () => {
    expect(policySize(assemblePolicy('data-products', 'sales-leads' as HomeName, []))).toBeLessThan(500);
  });
});
