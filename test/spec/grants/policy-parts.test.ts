/** A policy that is too big for one document: cut into parts that together say exactly the same. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemblePolicy, type PolicyDocument, policySize, samePolicy } from '../../../src/grants/policy.ts';
import { joinPolicies, overlap, splitPolicy } from '../../../src/grants/policy-parts.ts';
import type { HomeName } from '../../../src/model/home.ts';
import { allows, type Request, s3Requests } from '../../support/iam-evaluator.ts';

const bucket = 'data-products';
const own = 'own' as HomeName;

/** Names as long as they may be, or short, so that lists end at every place of a part. */
const names = (count: number, length: number) =>
  Array.from({ length: count }, (_, index) => `in-${index}-${'x'.repeat(length)}` as HomeName);
const inputs = fc
  .tuple(fc.nat({ max: 60 }), fc.nat({ max: 55 }))
  .map(([count, length]) => names(count, length));
const limits = fc.record({ size: fc.integer({ min: 600, max: 2000 }), count: fc.constant(1000) });

/** A principal with several policies: what any allows is allowed, unless one denies it. */
const together = (parts: readonly PolicyDocument[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: parts.flatMap((part) => part.Statement),
});

const actions = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:PutObjectAcl', 'admin:CreateUser'];

function requestsFor(home: string): Request[] {
  return [
    ...actions.map((action) => s3Requests.object(action, bucket, `${home}/output/x`)),
    ...[home, `${home}/`, `${home}/output/`, '', undefined].map((prefix) => s3Requests.list(bucket, prefix)),
  ];
}

/** As MinIO's adapter puts it in front. */
const guard = {
  Sid: 'NoAdmin',
  Effect: 'Deny',
  Action: ['admin:*', 's3:DeleteObject'],
  Resource: ['arn:aws:s3:::*'],
} as const;

describe('a policy in parts', () => {
  test('grants exactly what the whole grants, denials included', () => {
    fc.assert(
      fc.property(inputs, limits, fc.boolean(), fc.nat(), (readable, limit, guarded, pick) => {
        const plain = assemblePolicy(bucket, own, readable);
        const whole = guarded ? { ...plain, Statement: [guard, ...plain.Statement] } : plain;
        const parts = together(splitPolicy(whole, limit) ?? []);
        for (const home of [own, readable[pick % readable.length] ?? 'none', 'other', 'in-1'])
          for (const request of requestsFor(home))
            expect(allows(parts, request), JSON.stringify(request)).toBe(allows(whole, request));
      }),
    );
  });

  test('never has a part over the limit', () => {
    fc.assert(
      fc.property(inputs, limits, (readable, limit) => {
        const parts = splitPolicy(assemblePolicy(bucket, own, readable), limit) ?? [];
        expect(parts.length).toBeGreaterThan(0);
        for (const part of parts) expect(policySize(part)).toBeLessThanOrEqual(limit.size);
      }),
    );
  });

  test('comes back as it was', () => {
    fc.assert(
      fc.property(inputs, limits, (readable, limit) => {
        const whole = assemblePolicy(bucket, own, readable);
        expect(samePolicy(whole, joinPolicies(splitPolicy(whole, limit) ?? []))).toBe(true);
      }),
    );
  });

  test('says nothing twice, and is recognised when it does', () => {
    fc.assert(
      fc.property(inputs, limits, (readable, limit) => {
        const parts = splitPolicy(assemblePolicy(bucket, own, readable), limit) ?? [];
        expect(overlap(parts)).toBe(false);
        expect(overlap([...parts, assemblePolicy(bucket, own, [])])).toBe(true);
      }),
    );
  });

  test('is one part, as it stands, when it is small', () => {
    const whole = assemblePolicy(bucket, own, names(3, 5));
    expect(splitPolicy(whole, { size: policySize(whole) + 10, count: 1 })).toEqual([whole]);
  });

  test('is refused whole when it needs more parts than there may be, or one entry has no room', () => {
    const whole = assemblePolicy(bucket, own, names(60, 20));
    const parts = splitPolicy(whole, { size: 2000, count: 100 })?.length ?? 0;
    expect(parts).toBeGreaterThan(1);
    expect(splitPolicy(whole, { size: 2000, count: parts })).toHaveLength(parts);
    expect(splitPolicy(whole, { size: 2000, count: parts - 1 })).toBeNull();
    expect(splitPolicy(whole, { size: 200, count: 100 })).toBeNull();
  });

  test('holds thousands of inputs in the parts that MinIO takes', () => {
    const whole = assemblePolicy(bucket, own, names(3000, 20));
    const parts = splitPolicy(whole, { size: 20_000, count: Number.POSITIVE_INFINITY }) ?? [];
    for (const part of parts) expect(policySize(part)).toBeLessThan(20_480);
    expect(samePolicy(whole, joinPolicies(parts))).toBe(true);
  });
});
