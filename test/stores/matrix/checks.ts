/** What a product's key may and may not do: the rows of the acceptance matrix. */
import * as s3 from '@aws-sdk/client-s3';
import { httpStatusOf } from '../../../src/model/store-error.ts';

/** Where the key stands: three prefixes, each with the object `<prefix>/file`. */
export interface Ground {
  readonly client: s3.S3Client;
  readonly bucket: string;
  readonly own: string;
  readonly input: string;
  readonly foreign: string;
  /** Calls that the key makes to the identity API, about itself. */
  readonly identity: readonly Check[];
}

export interface Check {
  readonly area: 'own' | 'input' | 'foreign' | 'bucket' | 'identity';
  readonly what: string;
  readonly allowed: boolean;
  /** Where nothing is done, a status that only who was let in is answered: not found, say, and not forbidden. */
  readonly letIn?: number;
  /** What the store answered: an HTTP status, or 403 when a bulk call refused every key. */
  readonly call: () => Promise<number>;
}

/** Every row, in the order in which they must run. */
export function checksOn(ground: Ground): Check[] {
  return [
    ...ownChecks(ground),
    ...inputChecks(ground),
    ...foreignChecks(ground),
    ...bucketChecks(ground),
    ...ground.identity,
  ];
}

const body = new Uint8Array([1]);

/** The calls, each as the status it got. */
function callsOf({ client, bucket: Bucket }: Ground) {
  // The union of all commands is too wide for the SDK's generic `send`; which one it is does not matter here.
  const send = (command: object) => statusOf(client.send(command as s3.HeadBucketCommand));
  const list = (input: Partial<s3.ListObjectsV2CommandInput>) =>
    send(new s3.ListObjectsV2Command({ Bucket, ...input }));
  return {
    send,
    list,
    get: (Key: string) => send(new s3.GetObjectCommand({ Bucket, Key })),
    head: (Key: string) => send(new s3.HeadObjectCommand({ Bucket, Key })),
    put: (Key: string) => send(new s3.PutObjectCommand({ Bucket, Key, Body: body })),
    remove: (Key: string) => send(new s3.DeleteObjectCommand({ Bucket, Key })),
    copy: (from: string, Key: string) =>
      send(new s3.CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${from}` })),
    bulkDelete: async (Key: string) => {
      const command = new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } });
      return statusOf(
        client.send(command).then((answer) => ((answer.Errors ?? []).length > 0 ? refusal : answer)),
      );
    },
    startUpload: (Key: string) => send(new s3.CreateMultipartUploadCommand({ Bucket, Key })),
  };
}

/** A bulk call answers 200 with errors per key. */
const refusal = { $metadata: { httpStatusCode: 403 } };

async function statusOf(sent: Promise<unknown>): Promise<number> {
  return sent.then(
    (answer) => httpStatusOf(answer) ?? 0,
    (error: unknown) => httpStatusOf(error) ?? 0,
  );
}

function ownChecks(ground: Ground): Check[] {
  const { own, client, bucket: Bucket } = ground;
  const { get, head, put, list, copy, remove, bulkDelete } = callsOf(ground);
  const allowed = (what: string, call: () => Promise<number>): Check => ({
    area: 'own',
    what,
    allowed: true,
    call,
  });
  const multipart = async (end: 'complete' | 'abort'): Promise<number> => {
    const Key = `${own}/large`;
    const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key }));
    const part = await client.send(
      new s3.UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: body }),
    );
    await client.send(new s3.ListPartsCommand({ Bucket, Key, UploadId }));
    if (end === 'abort')
      return statusOf(client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId })));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] };
    return statusOf(
      client.send(new s3.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload })),
    );
  };
  return [
    allowed('put an object', () => put(`${own}/written`)),
    allowed('get an object', () => get(`${own}/file`)),
    allowed('head an object', () => head(`${own}/file`)),
    allowed('put a key with space, plus and umlaut', () => put(`${own}/a b+ü=.txt`)),
    allowed('list', () => list({ Prefix: `${own}/` })),
    allowed('list without the slash, as s3fs does', () => list({ Prefix: own })),
    allowed('list folders', () => list({ Prefix: `${own}/`, Delimiter: '/' })),
    allowed('list with the first API', () =>
      statusOf(client.send(new s3.ListObjectsCommand({ Bucket, Prefix: `${own}/` }))),
    ),
    allowed('copy within', () => copy(`${own}/file`, `${own}/copied`)),
    allowed('upload in parts', () => multipart('complete')),
    allowed('give up an upload in parts', () => multipart('abort')),
    allowed('delete an object', () => remove(`${own}/copied`)),
    allowed('delete in bulk', () => bulkDelete(`${own}/written`)),
  ];
}

function inputChecks(ground: Ground): Check[] {
  const { own, input, bucket: Bucket } = ground;
  const { get, head, put, list, copy, remove, bulkDelete, startUpload, send } = callsOf(ground);
  const row =
    (allowed: boolean) =>
    (what: string, call: () => Promise<number>): Check => ({ area: 'input', what, allowed, call });
  const [may, mayNot] = [row(true), row(false)];
  const Key = `${input}/file`;
  return [
    may('get an object', () => get(Key)),
    may('head an object', () => head(Key)),
    may('list', () => list({ Prefix: `${input}/` })),
    may('list without the slash, as s3fs does', () => list({ Prefix: input })),
    may('copy to the own prefix', () => copy(Key, `${own}/taken`)),
    mayNot('put an object', () => put(`${input}/written`)),
    mayNot('overwrite an object', () => put(Key)),
    mayNot('delete an object', () => remove(Key)),
    mayNot('delete in bulk', () => bulkDelete(Key)),
    mayNot('copy into it', () => copy(`${own}/file`, `${input}/copied`)),
    mayNot('start an upload in parts', () => startUpload(`${input}/large`)),
    mayNot('tag an object', () =>
      send(new s3.PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } })),
    ),
  ];
}

function foreignChecks(ground: Ground): Check[] {
  const { own, foreign, client, bucket: Bucket } = ground;
  const { get, head, put, list, copy, remove, bulkDelete, startUpload, send } = callsOf(ground);
  const mayNot = (what: string, call: () => Promise<number>): Check => ({
    area: 'foreign',
    what,
    allowed: false,
    call,
  });
  const Key = `${foreign}/file`;
  const copyPart = async (): Promise<number> => {
    const target = { Bucket, Key: `${own}/part` };
    const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand(target));
    const source = { CopySource: `${Bucket}/${Key}`, PartNumber: 1 };
    const answer = await send(new s3.UploadPartCopyCommand({ ...target, ...source, UploadId }));
    await client.send(new s3.AbortMultipartUploadCommand({ ...target, UploadId }));
    return answer;
  };
  return [
    mayNot('get an object', () => get(Key)),
    mayNot('head an object', () => head(Key)),
    mayNot('list', () => list({ Prefix: `${foreign}/` })),
    mayNot('list without the slash', () => list({ Prefix: foreign })),
    mayNot('list its versions', () =>
      send(new s3.ListObjectVersionsCommand({ Bucket, Prefix: `${foreign}/` })),
    ),
    mayNot('copy from it', () => copy(Key, `${own}/stolen`)),
    mayNot('copy a part from it', copyPart),
    mayNot('put an object', () => put(`${foreign}/written`)),
    mayNot('delete an object', () => remove(Key)),
    mayNot('delete in bulk', () => bulkDelete(Key)),
    mayNot('start an upload in parts', () => startUpload(`${foreign}/large`)),
  ];
}

function bucketChecks(ground: Ground): Check[] {
  const { own, bucket: Bucket } = ground;
  const { list, send } = callsOf(ground);
  const mayNot = (what: string, call: () => Promise<number>): Check => ({
    area: 'bucket',
    what,
    allowed: false,
    call,
  });
  return [
    mayNot('list everything', () => list({})),
    mayNot('list with an empty prefix', () => list({ Prefix: '' })),
    mayNot('list the root’s folders', () => list({ Prefix: '', Delimiter: '/' })),
    mayNot('list a shorter prefix', () => list({ Prefix: own.slice(0, -1) })),
    mayNot('list a longer name', () => list({ Prefix: `${own}-x/` })),
    mayNot('list open uploads', () => send(new s3.ListMultipartUploadsCommand({ Bucket }))),
    mayNot('list all buckets', () => send(new s3.ListBucketsCommand({}))),
    {
      ...mayNot('read the bucket’s policy', () => send(new s3.GetBucketPolicyCommand({ Bucket }))),
      letIn: 404,
    },
    {
      // No policy at all, so that a bucket keeps its own whatever the store thinks of the key.
      ...mayNot('write the bucket’s policy', () =>
        send(new s3.PutBucketPolicyCommand({ Bucket, Policy: '{}' })),
      ),
      letIn: 400,
    },
    mayNot('make another bucket', () => send(new s3.CreateBucketCommand({ Bucket: `${own}-bucket` }))),
    mayNot('delete the bucket', () => send(new s3.DeleteBucketCommand({ Bucket }))),
  ];
}
