/**
 * One product's policy as several documents, for stores that bound each of them and take more than one for a principal.
 * Each part grants what it says by itself, so a part that is missing only narrows.
 */
import { canonicalForm, type PolicyDocument, type PolicyStatement } from './policy.ts';

/** What a store can hold. */
export interface PartLimits {
  /** Characters of one document, without white space. */
  readonly size: number;
  /** Documents for one principal. */
  readonly count: number;
}

/** `{"Version":"2012-10-17","Statement":[]}` */
const frameSize = 40;

/**
 * Cuts a document into parts of bounded size, through long lists of resources and of prefixes. What is in the list stays
 * in its order, so that one input more moves few others.
 *
 * @returns `null` when it does not fit
 */
export function splitPolicy(policy: PolicyDocument, limits: PartLimits): PolicyDocument[] | null {
  const parts: PolicyStatement[][] = [[]];
  let room = limits.size - frameSize;
  for (const statement of policy.Statement) {
    const headSize = JSON.stringify(withList(statement, [])).length + 1;
    let list: string[] | null = null;
    for (const text of listOf(statement)) {
      const size = JSON.stringify(text).length + 1;
      if (size + (list === null ? headSize : 0) > room) {
        parts.push([]);
        room = limits.size - frameSize;
        list = null;
      }
      if (list === null) {
        list = [];
        parts.at(-1)?.push(withList(statement, list));
        room -= headSize;
      }
      list.push(text);
      room -= size;
      if (room < 0) return null;
    }
  }
  return parts.length > limits.count
    ? null
    : parts.map((Statement) => ({ Version: '2012-10-17', Statement }));
}

/** Puts parts together again: statements that differ in nothing but the list that is cut become one. */
export function joinPolicies(parts: readonly PolicyDocument[]): PolicyDocument {
  const joined = new Map<string, PolicyStatement>();
  for (const statement of parts.flatMap((part) => part.Statement)) {
    const rest = canonicalForm(withList(statement, []));
    const before = joined.get(rest);
    const list = [...(before === undefined ? [] : listOf(before)), ...listOf(statement)];
    joined.set(rest, withList(statement, [...new Set(list)]));
  }
  return { Version: '2012-10-17', Statement: [...joined.values()] };
}

/** Whether anything is said by two parts: a change that was cut off leaves them so. */
export function overlap(parts: readonly PolicyDocument[]): boolean {
  const entries = (some: readonly PolicyDocument[]) =>
    some.flatMap((part) => part.Statement).reduce((sum, statement) => sum + listOf(statement).length, 0);
  return entries(parts) > entries([joinPolicies(parts)]);
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
