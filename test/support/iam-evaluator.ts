/**
 * A small evaluator of IAM policies, written from AWS's documentation ("Policy evaluation logic") and not from the code
 * that it judges: everything is refused unless a statement allows it, and a Deny wins.
 */
import type { PolicyDocument } from '../../src/grants/policy.ts';

/** One call as a store sees it: an action on a resource, with the values that conditions look at. */
export interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string | undefined>>;
}

export function allows(policy: PolicyDocument, request: Request): boolean {
  const fitting = policy.Statement.filter(
    (statement) =>
      statement.Action.some((pattern) => like(pattern, request.action)) &&
      statement.Resource.some((pattern) => like(pattern, request.resource)) &&
      meets(statement.Condition ?? {}, request.context),
  );
  return fitting.some(({ Effect }) => Effect === 'Allow') && fitting.every(({ Effect }) => Effect !== 'Deny');
}

/** Every operator and every key of a block must hold; of one key's values, any. A missing value meets nothing. */
function meets(
  block: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
  context: Request['context'],
): boolean {
  return Object.entries(block).every(([operator, keys]) => {
    if (operator !== 'StringLike') throw new Error(`the evaluator does not know ${operator}`);
    return Object.entries(keys).every(([key, patterns]) => {
      const value = context[key];
      return value !== undefined && patterns.some((pattern) => like(pattern, value));
    });
  });
}

/** `*` stands for any text, `?` for one character; case counts. */
function like(pattern: string, text: string): boolean {
  // Positions of the pattern that the text read so far can have led to.
  let reached = new Set([0]);
  const closure = (from: Set<number>) => {
    for (const at of from) if (pattern[at] === '*') from.add(at + 1);
    return from;
  };
  reached = closure(reached);
  for (const character of text) {
    const next = new Set<number>();
    for (const at of reached) {
      if (pattern[at] === '*') next.add(at);
      else if (pattern[at] === '?' || pattern[at] === character) next.add(at + 1);
    }
    reached = closure(next);
  }
  return reached.has(pattern.length);
}

/** The calls of S3 that a policy is asked about. */
export const s3Requests = {
  object: (action: string, bucket: string, key: string): Request => ({
    action,
    resource: `arn:aws:s3:::${bucket}/${key}`,
    context: {},
  }),
  list: (bucket: string, prefix: string | undefined): Request => ({
    action: 's3:ListBucket',
    resource: `arn:aws:s3:::${bucket}`,
    context: { 's3:prefix': prefix },
  }),
};
