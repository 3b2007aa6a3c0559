/** The store as somebody with the credentials of a workspace's `.env` sees it. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { httpStatusOf } from '../../src/model/store-error.ts';
import { createS3Client } from '../../src/storage/s3.ts';
import { type EnvEntries, readEnvBlock } from '../../src/workspace/env-block.ts';

/** Entries of the managed block; fails when there is none. */
export function entriesOf(env: string): EnvEntries {
  const entries = readEnvBlock(env);
  if (entries === null) throw new Error('no managed block in .env');
  return entries;
}

/** HTTP statuses of what one may try: 200, 403 … */
export function s3As(endpoint: string, env: string) {
  const entries = entriesOf(env);
  const client = createS3Client(
    {
      endpoint,
      region: entries.S3_REGION ?? '',
      accessKeyId: entries.S3_ACCESS_KEY ?? '',
      secretAccessKey: entries.S3_SECRET_KEY ?? '',
    },
    1,
  );
  const Bucket = entries.S3_BUCKET;
  const status = (call: Promise<{ $metadata: { httpStatusCode?: number | undefined } }>) =>
    call.then(
      (answer) => answer.$metadata.httpStatusCode,
      (error: unknown) => httpStatusOf(error),
    );
  return {
    put: (Key: string) =>
      status(client.send(new PutObjectCommand({ Bucket, Key, Body: new Uint8Array([1]) }))),
    get: (Key: string) => status(client.send(new GetObjectCommand({ Bucket, Key }))),
    remove: (Key: string) => status(client.send(new DeleteObjectCommand({ Bucket, Key }))),
    list: (Prefix: string) => status(client.send(new ListObjectsV2Command({ Bucket, Prefix }))),
  };
}
