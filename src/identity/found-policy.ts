/** Our policies as the stores give them back. */
import { z } from 'zod';
import { type PolicyDocument, policySize } from '../grants/policy.ts';

const oneOrMore = z.union([z.array(z.string()), z.string().transform((one) => [one])]);

/** What has more in it is not as we wrote it. */
export const FoundPolicy = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.strictObject({
      Sid: z.string(),
      Effect: z.enum(['Allow', 'Deny']),
      Action: oneOrMore,
      Resource: oneOrMore,
      Condition: z.record(z.string(), z.record(z.string(), oneOrMore)).exactOptional(),
    }),
  ),
});

/** Whether a policy in parts has its entries move to later parts, or to earlier ones, when it takes the place of another. */
export function growsFrom(found: unknown, policy: PolicyDocument): boolean {
  const before = FoundPolicy.safeParse(found);
  return !before.success || policySize(policy) > policySize(before.data);
}
