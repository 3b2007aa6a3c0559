/** Buckets as host names, on a MinIO that is told its domain. */
import dns from 'node:dns';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { entriesOf } from '../support/s3-as.ts';
import { startMinio } from '../support/stores/minio.ts';
import { createWorldOn, eventually } from '../support/world.ts';
import { objectsBelow } from './access.ts';
import { runMatrix } from './matrix/matrix.ts';

const domain = 'store.test';
const { lookup } = dns;
const asked = new Set<string>();

/** Names below the domain lead here, as a wildcard record would have them. */
beforeAll(() => {
  const here: unknown = (name: string, ...rest: [never, never]) => {
    asked.add(name);
    return lookup(name.endsWith(domain) ? '127.0.0.1' : name, ...rest);
  };
  dns.lookup = here as typeof lookup;
});
afterAll(() => {
  dns.lookup = lookup;
});

test('a product gets its home where the bucket is a host name, and its .env says so', async () => {
  const start = async () => {
    const server = await startMinio(domain);
    const byName = server.endpoint.replace('127.0.0.1', domain);
    return { ...server, byAddress: server.endpoint, endpoint: byName };
  };
  await using world = await createWorldOn(start, { PROV_S3_ADDRESSING: 'virtual', PROV_ISSUER: 'minio' });
  await new PortalUser(world.portal.url).createProduct('Product', 'product');
  const env = entriesOf(await eventually('.env', () => world.workspaceFile('product', '.env')));
  expect(env).toMatchObject({ S3_URL_STYLE: 'vhost', S3_ENDPOINT: world.store.endpoint });
  expect(asked).toContain(`data-products.${domain}`);
  const server = { ...world.store, endpoint: world.store.byAddress, name: 'MinIO' };
  expect(await objectsBelow(server, 'product/')).toEqual(['product/.keep']);
});

test('the acceptance matrix is run where the bucket is a host name', async () => {
  await using server = await startMinio(domain);
  const endpoint = server.endpoint.replace('127.0.0.1', domain);
  const place = {
    ...server,
    endpoint,
    region: 'us-east-1',
    bucket: 'matrix-bucket',
    addressing: 'virtual',
  } as const;
  const { rows } = await runMatrix({ ...place, api: 'minio' });
  expect(rows.filter(({ right }) => !right)).toEqual([]);
  expect(asked).toContain(`matrix-bucket.${domain}`);
});
