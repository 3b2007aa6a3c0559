/** Where a request to a bucket goes: just where the AWS SDK would send it. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { bucketAt } from '../../../src/storage/bucket-at.ts';
import { createS3Client } from '../../../src/storage/s3.ts';

const endpoints = [
  'http://127.0.0.1:9000',
  'https://127.0.0.1:9000',
  'http://[::1]:9000',
  'http://minio:9000',
  'https://minio.example.com',
  'https://minio.example.com:9000',
  'https://s3.eu-west-1.amazonaws.com',
];
// The SDK itself has no place for a name with dots at an address of numbers, over http.
const isPossible = ({ endpoint, bucket }: { endpoint: string; bucket: string }) =>
  !(bucket.includes('.') && /^http:.*(\d\.\d|::)/.test(endpoint));
const cases = endpoints.flatMap((endpoint) =>
  ['data-products', 'data.products'].flatMap((bucket) =>
    (['path', 'virtual'] as const).map((addressing) => ({ endpoint, bucket, addressing })),
  ),
);

test.each(cases.filter(isPossible))('$bucket at $endpoint, $addressing', async (place) => {
  const { endpoint, path } = bucketAt(place);
  expect(`${endpoint}${path}home/.keep`).toBe(await urlOfSdk(place));
});

async function urlOfSdk({ bucket, ...place }: (typeof cases)[number]): Promise<string> {
  const client = createS3Client(
    { ...place, region: 'eu-west-1', accessKeyId: 'id', secretAccessKey: 'x' },
    1,
  );
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  client.middlewareStack.add(
    () => async (args) => {
      const { protocol, hostname, port, path } = args.request as Record<string, string | number | undefined>;
      resolve(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
      throw new Error('not to be sent');
    },
    { step: 'finalizeRequest' },
  );
  client.send(new GetObjectCommand({ Bucket: bucket, Key: 'home/.keep' })).catch(reject);
  return promise;
}
