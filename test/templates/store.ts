/** A store for products that are rendered without a daemon: each gets a key that is limited as the daemon limits it. */
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { installMinistack, startMinistack } from '../../demo/store/ministack.ts';
import { assemblePolicy } from '../../src/grants/policy.ts';
import { type Issuer, principalNameOf } from '../../src/identity/issuer.ts';
import { AwsIamIssuer } from '../../src/identity/issuers/aws-iam.ts';
import type { HomeName } from '../../src/model/home.ts';
import type { ProductId } from '../../src/model/ids.ts';
import { createS3Client, S3ObjectStore } from '../../src/storage/s3.ts';
import { cacheFolder } from '../support/cache-folder.ts';

export const bucket = 'data-products';
export const region = 'us-east-1';

export interface ProductStore extends AsyncDisposable {
  readonly endpoint: string;
  /** With the admin's key. */
  readonly objects: S3ObjectStore;
  /** Makes (or changes) a product's principal, and a key for it. */
  grant(
    product: ProductId,
    home: HomeName,
    inputs: readonly HomeName[],
  ): Promise<{ id: string; secret: string }>;
  /** Keys below a prefix, with ETag and time of each: equal listings mean that nothing was written. */
  list(prefix: string): Promise<Readonly<Record<string, string>>>;
}

export async function startProductStore(): Promise<ProductStore> {
  await using started = new AsyncDisposableStack();
  const server = started.use(await startMinistack(await installMinistack(cacheFolder, () => undefined)));
  const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = server;
  const options = { endpoint, region, accessKeyId, secretAccessKey };
  const objects = started.use(new S3ObjectStore({ ...options, bucket }));
  const issuer: Issuer = started.use(
    await AwsIamIssuer.connect({ ...options, users: { permissionsBoundary: undefined, path: undefined } }),
  );
  const client = started.adopt(createS3Client(options, 3), (opened) => opened.destroy());
  const running = started.move();
  return {
    endpoint,
    objects,
    async grant(product, home, inputs) {
      const principal = principalNameOf(product);
      await issuer.ensurePrincipal(principal);
      await issuer.putPolicy(principal, assemblePolicy(bucket, home, inputs));
      await objects.writeMarker(home, product);
      return issuer.createKey(principal, null);
    },
    async list(prefix) {
      const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
      const entries = (page.Contents ?? []).map(({ Key = '', ETag, LastModified }): [string, string] => [
        Key,
        `${ETag} ${LastModified?.toISOString()}`,
      ]);
      return Object.fromEntries(entries);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
