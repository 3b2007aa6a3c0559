/** Every row of the acceptance matrix, on every kind of store. */
import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { createS3Client, S3ObjectStore } from '../../src/storage/s3.ts';
import { behaveLikeAws } from '../support/stores/like-aws.ts';
import { startStore } from '../support/world.ts';
import { objectsBelow } from './access.ts';
import { rowsOn, runMatrix } from './matrix/matrix.ts';
import { servers } from './servers.ts';

test.each(servers)('%s answers a product’s key as it must, and is left as it was', async (_name, start) => {
  await using server = await start();
  const { rows } = await runMatrix({ ...server, api: 'auto', region: 'us-east-1', bucket: 'data-products' });
  expect(rows.filter(({ right }) => !right)).toEqual([]);
  expect(rows.length).toBeGreaterThan(45);
  expect(await objectsBelow(server, 'matrix-')).toEqual([]);
});

test('a store that takes its time to know a key is waited for', async () => {
  await using server = await behaveLikeAws(await startStore(), { spreadMs: 600, throttled: 7 });
  const { rows } = await runMatrix({
    ...server,
    api: 'aws-iam',
    region: 'us-east-1',
    bucket: 'data-products',
  });
  // Changes by IAM are answered before the store is asked: see `behaveLikeAws`.
  expect(rows.filter(({ area, right }) => area !== 'identity' && !right)).toEqual([]);
});

test.each(servers)('on %s no refusal is seen of a key that may do everything', async (_name, start) => {
  await using server = await start();
  const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = server;
  const place = { endpoint, region: 'us-east-1', bucket: 'data-products', accessKeyId, secretAccessKey };
  const ground = { own: 'own', input: 'input', foreign: 'foreign' } as const;
  const client = createS3Client(place, 1);
  using objects = new S3ObjectStore(place);
  for (const home of Object.values(ground)) {
    await objects.writeMarker(home as HomeName, ProductId.parse(randomUUID()));
    const file = { Bucket: place.bucket, Key: `${home}/file`, Body: new Uint8Array([1]) };
    await client.send(new PutObjectCommand(file));
  }
  const rows = await rowsOn({ ...ground, client, bucket: place.bucket, identity: [] });
  client.destroy();
  expect(rows.filter(({ allowed, right }) => !allowed && right)).toEqual([]);
});
