/** What the AWS adapter says that it has room for, held against what IAM takes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assemblePolicy, policySize } from '../../../src/grants/policy.ts';
import { splitPolicy } from '../../../src/grants/policy-parts.ts';
import { partedSize, partLimits } from '../../../src/identity/issuers/aws-user-policies.ts';
import type { HomeName } from '../../../src/model/home.ts';

test('a policy of the size that it says fits into ten documents of 6,144 characters, whatever the names', () => {
  const lengths = fc.array(fc.integer({ min: 4, max: 64 }), { minLength: 1, maxLength: 5 });
  const bucketNames = fc.integer({ min: 3, max: 63 }).map((length) => 'b'.repeat(length));
  fc.assert(
    fc.property(bucketNames, lengths, (bucket, some) => {
      const inputs: HomeName[] = [];
      const policy = () => assemblePolicy(bucket, 'o'.repeat(64) as HomeName, inputs);
      const nameOf = (index: number) => String(index).padEnd(some[index % some.length] ?? 4, 'x') as HomeName;
      while (policySize(policy()) <= partedSize)
        for (let more = 0; more < 20; more += 1) inputs.push(nameOf(inputs.length));
      while (policySize(policy()) > partedSize) inputs.pop();
      const parts = splitPolicy(policy(), partLimits);
      expect(parts).not.toBeNull();
      for (const part of parts ?? []) expect(policySize(part)).toBeLessThanOrEqual(6144);
    }),
    { numRuns: 40 },
  );
});
