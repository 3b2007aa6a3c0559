/** Keys that change under a client that is at work. */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { createS3Client } from '../../src/storage/s3.ts';
import { entriesOf } from '../support/s3-as.ts';
import { startMinio } from '../support/stores/minio.ts';
import { createWorldOn, eventually, startStore, type World } from '../support/world.ts';
import { extent } from './extent.ts';

const { rotations } = extent;

/** Reads `.env` anew for each request, as a client of ours should. */
async function writeOnce<Store extends { readonly endpoint: string }>(world: World<Store>, home: string) {
  const entries = entriesOf((await world.workspaceFile(home, '.env')) ?? '');
  const keys = { accessKeyId: entries.S3_ACCESS_KEY ?? '', secretAccessKey: entries.S3_SECRET_KEY ?? '' };
  const client = createS3Client({ endpoint: world.store.endpoint, region: 'us-east-1', ...keys }, 1);
  const object = { Bucket: entries.S3_BUCKET ?? '', Key: `${home}/busy`, Body: new Uint8Array([1]) };
  const failure = await client.send(new PutObjectCommand(object)).then(
    () => null,
    (error: unknown) => String(error),
  );
  client.destroy();
  return { key: keys.accessKeyId, failure };
}

test.concurrent.each([
  ['MinIO', startMinio],
  ['a store with the AWS IAM API', startStore],
])(
  'a client that reads .env again sees no failed request while its key is rotated under load, on %s',
  async (_, start) => {
    const changes = { PROV_KEY_MAX_AGE: '1s', PROV_KEY_GRACE: '1s' };
    await using world = await createWorldOn<Awaited<ReturnType<typeof start>>>(start, changes);
    await new PortalUser(world.portal.url).createProduct('busy', 'busy');
    await eventually('a first key', () => world.workspaceFile('busy', '.env'));
    const keys = new Set<string>();
    const failures: string[] = [];
    let requests = 0;
    const client = async () => {
      while (keys.size <= rotations) {
        const { key, failure } = await writeOnce(world, 'busy');
        keys.add(key);
        requests += 1;
        if (failure !== null) failures.push(failure);
      }
    };
    await Promise.all([client(), client(), client()]);
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(rotations * 5);
  },
  600_000,
);
