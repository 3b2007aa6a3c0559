/**
 * The policy document of one product: everything on its own prefix, reading on its inputs' prefixes, listing limited
 * to both, nothing else. The form was run against MinIO, RustFS, versitygw and MiniStack; s3fs lists a prefix without
 * its slash, so the condition needs both spellings.
 */
import type { HomeName } from '../model/home.ts';

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/** Least set that lets DuckDB, s3fs, boto3 and multipart uploads work on the own prefix. */
const ownActions = [
  's3:GetObject',
  's3:PutObject',
  's3:DeleteObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
] as const;

/**
 * Assembles the document. Equal arguments give equal text; inputs are sorted and each home is named once, however many
 * ports lead to it.
 */
export function assemblePolicy(bucket: string, own: HomeName, inputs: readonly HomeName[]): PolicyDocument {
  const readable = [...new Set(inputs)].filter((home) => home !== own).sort();
  const objects = (home: HomeName) => `arn:aws:s3:::${bucket}/${home}/*`;
  const statements: PolicyStatement[] = [
    { Sid: 'Own', Effect: 'Allow', Action: ownActions, Resource: [objects(own)] },
    {
      Sid: 'List',
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: [`arn:aws:s3:::${bucket}`],
      Condition: { StringLike: { 's3:prefix': [own, ...readable].flatMap((home) => [home, `${home}/*`]) } },
    },
  ];
  if (readable.length > 0) {
    statements.push({
      Sid: 'Inputs',
      Effect: 'Allow',
      Action: ['s3:GetObject'],
      Resource: readable.map(objects),
    });
  }
  return { Version: '2012-10-17', Statement: statements };
}

/** Size as AWS counts it: characters without white space (IAM quotas, AWS documentation). */
export function policySize(policy: PolicyDocument): number {
  return JSON.stringify(policy).replace(/\s/g, '').length;
}

/** Whether a document found in the store says the same as the one wanted, however it is spelled (order of keys, lists of one). */
export function samePolicy(wanted: PolicyDocument, found: unknown): boolean {
  return canonicalForm(wanted) === canonicalForm(found);
}

/** Text that is equal for documents, or statements, that say the same. */
export function canonicalForm(part: unknown): string {
  return JSON.stringify(canonical(part));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value))
    return value
      .map(canonical)
      .map((part) => JSON.stringify(part))
      .sort();
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, part]): [string, unknown] => [
      key,
      canonical(listLike.has(key) && !Array.isArray(part) ? [part] : part),
    ]);
    return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
  }
  return value;
}

/** Where IAM takes one string for a list of one. */
const listLike = new Set(['Action', 'Resource', 'Statement', 's3:prefix']);
