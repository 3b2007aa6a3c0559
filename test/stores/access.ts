/** What a store answers to somebody with a key. */
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { HomeName } from '../../src/model/home.ts';
import { httpStatusOf } from '../../src/model/store-error.ts';
import { createS3Client, markerKey } from '../../src/storage/s3.ts';
import type { StoreServer } from '../support/stores/server.ts';

export interface StatusAs {
  /** Reads the marker of a home. */
  get(home: HomeName): Promise<number | undefined>;
  /** Writes an object below a home. */
  put(home: HomeName): Promise<number | undefined>;
  list(prefix: string): Promise<number | undefined>;
}

export function statusAs(
  endpoint: string,
  Bucket: string,
  key: { readonly id: string; readonly secret: string; readonly token?: string | undefined },
): StatusAs {
  const credentials = { accessKeyId: key.id, secretAccessKey: key.secret };
  const session = key.token === undefined ? {} : { sessionToken: key.token };
  const client = createS3Client({ endpoint, region: 'us-east-1', ...credentials, ...session }, 1);
  return {
    get: (home) => statusOf(client, new GetObjectCommand({ Bucket, Key: markerKey(home) })),
    list: (Prefix) => statusOf(client, new ListObjectsV2Command({ Bucket, Prefix })),
    put: (home) =>
      statusOf(client, new PutObjectCommand({ Bucket, Key: `${home}/written`, Body: new Uint8Array([1]) })),
  };
}

async function statusOf(client: S3Client, command: object): Promise<number | undefined> {
  // The union of all commands is too wide for the SDK's generic `send`; which one it is does not matter here.
  const sent: Promise<object> = client.send(command as GetObjectCommand);
  return sent.then(
    (answer) => httpStatusOf(answer),
    (error: unknown) => httpStatusOf(error),
  );
}

/** Keys of all objects below a prefix, as the admin sees them. */
export async function objectsBelow(server: StoreServer, Prefix: string): Promise<readonly string[]> {
  const credentials = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  const client = createS3Client({ endpoint: server.endpoint, region: 'us-east-1', ...credentials }, 1);
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'data-products', Prefix }));
  client.destroy();
  return Contents.flatMap(({ Key }) => Key ?? []);
}
