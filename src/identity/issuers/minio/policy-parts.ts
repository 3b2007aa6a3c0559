/**
 * One product's policy as the canned policies that hold it: MinIO takes 20 KiB a policy and any number of policies on
 * a group. Each part grants what it says by itself, so a part that is missing only narrows.
 */
import type { PolicyDocument, PolicyStatement } from '../../../grants/policy.ts';

/** MinIO refuses more than 20 KiB (`EntityTooLarge`); what is left is for the guard and the frame. */
const partBytes = 18_000;

/**
 * Cuts a document into parts of bounded size, splitting long lists of resources and of prefixes.
 *
 * @returns at least one part; the guard statements stand in the first
 */
export function splitPolicy(policy: PolicyDocument, guard: readonly PolicyStatement[]): PolicyDocument[] {
  const parts: PolicyStatement[][] = [[...guard]];
  let size = sizeOf(guard);
  for (const statement of policy.Statement.flatMap(piecesOf)) {
    const bytes = sizeOf([statement]);
    const current = parts.at(-1) ?? [];
    if (size + bytes > partBytes && current.length > 0) {
      parts.push([statement]);
      size = bytes;
    } else {
      current.push(statement);
      size += bytes;
    }
  }
  return parts.map((Statement) => ({ Version: '2012-10-17', Statement }));
}

/** Puts parts together again: statements of one name become one. */
export function joinPolicy(parts: readonly PolicyDocument[]): PolicyDocument {
  const joined = new Map<string, PolicyStatement>();
  for (const statement of parts.flatMap((part) => part.Statement)) {
    const before = joined.get(statement.Sid);
    joined.set(statement.Sid, before === undefined ? statement : merge(before, statement));
  }
  return { Version: '2012-10-17', Statement: [...joined.values()] };
}

function piecesOf(statement: PolicyStatement): PolicyStatement[] {
  const prefixes = statement.Condition?.StringLike?.['s3:prefix'];
  if (prefixes !== undefined) {
    return chunk(prefixes).map((some) => ({
      ...statement,
      Condition: { StringLike: { 's3:prefix': some } },
    }));
  }
  return chunk(statement.Resource).map((some) => ({ ...statement, Resource: some }));
}

/** Lists of at most a quarter of a part. */
function chunk(texts: readonly string[]): string[][] {
  const chunks: string[][] = [[]];
  let size = 0;
  for (const text of texts) {
    if (size > 0 && size + text.length > partBytes / 4) {
      chunks.push([]);
      size = 0;
    }
    chunks.at(-1)?.push(text);
    size += text.length + 3;
  }
  return chunks;
}

function merge(left: PolicyStatement, right: PolicyStatement): PolicyStatement {
  const prefixes = [left, right].flatMap((each) => each.Condition?.StringLike?.['s3:prefix'] ?? []);
  return {
    ...left,
    Resource: [...new Set([...left.Resource, ...right.Resource])],
    ...(prefixes.length === 0 ? {} : { Condition: { StringLike: { 's3:prefix': prefixes } } }),
  };
}

function sizeOf(statements: readonly PolicyStatement[]): number {
  return JSON.stringify(statements).length;
}
