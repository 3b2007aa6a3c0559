/**
 * One product's policy as the canned policies that hold it: MinIO takes 20 KiB a policy and any number of policies on
 * a group. Each part grants what it says by itself, so a part that is missing only narrows.
 */
import { canonicalForm, type PolicyDocument, type PolicyStatement } from '../../../grants/policy.ts';

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

/** Puts parts together again: statements that differ in nothing but the list that is cut become one. */
export function joinPolicy(parts: readonly PolicyDocument[]): PolicyDocument {
  const joined = new Map<string, PolicyStatement>();
  for (const statement of parts.flatMap((part) => part.Statement)) {
    const rest = canonicalForm(withList(statement, []));
    const before = joined.get(rest);
    const list = [...(before === undefined ? [] : listOf(before)), ...listOf(statement)];
    joined.set(rest, withList(statement, [...new Set(list)]));
  }
  return { Version: '2012-10-17', Statement: [...joined.values()] };
}

function piecesOf(statement: PolicyStatement): PolicyStatement[] {
  return chunk(listOf(statement)).map((some) => withList(statement, some));
}

/** The list that grows with the inputs: prefixes where there are any, else resources. */
function listOf(statement: PolicyStatement): readonly string[] {
  return statement.Condition?.StringLike?.['s3:prefix'] ?? statement.Resource;
}

function withList(statement: PolicyStatement, list: readonly string[]): PolicyStatement {
  if (statement.Condition?.StringLike?.['s3:prefix'] === undefined) return { ...statement, Resource: list };
  const StringLike = { ...statement.Condition.StringLike, 's3:prefix': list };
  return { ...statement, Condition: { ...statement.Condition, StringLike } };
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

function sizeOf(statements: readonly PolicyStatement[]): number {
  return JSON.stringify(statements).length;
}
