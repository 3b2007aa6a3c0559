/** Sessions instead of lasting keys, on every store that has STS. */
import { randomUUID } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { assemblePolicy } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import { type AccessKey, type Issuer, principalNameOf } from '../../src/identity/issuer.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { httpStatusOf } from '../../src/model/store-error.ts';
import { createS3Client, markerKey, S3ObjectStore } from '../../src/storage/s3.ts';
import { entriesOf } from '../support/s3-as.ts';
import type { StoreServer } from '../support/stores/server.ts';
import { createWorldOn, eventually } from '../support/world.ts';
import { servers, sessions } from './servers.ts';

const bucket = 'data-products';
const region = 'us-east-1';
const withSts = servers.filter(([name]) => name !== 'versitygw');

/** HTTP status of reading a home's marker, with or without the token. */
async function read(
  endpoint: string,
  { id, secret, token }: { id: string; secret: string; token?: string },
  home: HomeName,
): Promise<number | undefined> {
  const credentials = { accessKeyId: id, secretAccessKey: secret };
  const session = token === undefined ? {} : { sessionToken: token };
  const client = createS3Client({ endpoint, region, ...credentials, ...session }, 1);
  return client
    .send(new GetObjectCommand({ Bucket: bucket, Key: markerKey(home) }))
    .then(httpStatusOf, httpStatusOf)
    .finally(() => client.destroy());
}

describe.each(withSts)('a session on %s', (_name, start) => {
  let server: StoreServer;
  let issuer: Issuer;
  /** Each call gives an issuer that knows nothing of the others, as each replica has one. */
  let find: () => Promise<Issuer>;

  beforeAll(async () => {
    server = await start();
    const admin = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
    find = () =>
      issuerFinder({
        ...admin,
        api: 'auto',
        endpoint: server.endpoint,
        iamEndpoint: server.iamEndpoint,
        region,
        credentials: sessions,
        onFound: () => undefined,
      })();
    issuer = await find();
    using objects = new S3ObjectStore({ endpoint: server.endpoint, region, bucket, ...admin });
    for (const home of ['own', 'input', 'foreign'])
      await objects.writeMarker(home as HomeName, ProductId.parse(randomUUID()));
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const policy = (...inputs: string[]) => assemblePolicy(bucket, 'own' as HomeName, inputs as HomeName[]);
  const asSession =
    ({ id, secret, session }: AccessKey) =>
    (home: string) =>
      read(server.endpoint, { id, secret, token: session?.token ?? '' }, home as HomeName);

  async function open() {
    const principal = principalNameOf(ProductId.parse(randomUUID()));
    await issuer.ensurePrincipal(principal);
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, policy('input'));
    return { principal, key: await issuer.createKey(principal, issuer.proposeKeyId()) };
  }

  test('opens what the policy says, with its token only, and tells when it ends', async () => {
    const before = Date.now();
    const { key } = await open();
    const as = asSession(key);
    expect([await as('own'), await as('input'), await as('foreign')]).toEqual([200, 200, 403]);
    expect(await read(server.endpoint, key, 'own' as HomeName)).not.toBe(200);
    const seconds = ((key.session?.expiresAt.getTime() ?? 0) - before) / 1000;
    expect(seconds).toBeGreaterThan(890);
    expect(seconds).toBeLessThan(960);
  });

  test('narrows with the policy while it is open, and goes on beside the next one under its name', async () => {
    const { principal, key } = await open();
    const next = await issuer.renewKey(principal, key.name);
    expect([next.name, next.id === key.id]).toEqual([key.name, false]);
    await issuer.putPolicy(principal, policy());
    for (const each of [key, next]) {
      const as = asSession(each);
      await eventually('the input to close', async () => (await as('input')) === 403);
      expect(await as('own')).toBe(200);
    }
  });

  test('ends with its name, which opens nothing any more, while sessions of other names go on', async () => {
    const { principal, key } = await open();
    const other = await issuer.createKey(principal, issuer.proposeKeyId());
    const again = await issuer.renewKey(principal, key.name);
    await issuer.deleteKey(principal, key.name);
    for (const each of [key, again])
      await eventually('its end', async () => (await asSession(each)('own')) !== 200);
    const late = await issuer.renewKey(principal, key.name).catch(() => null);
    for (const each of [key, again, ...(late === null ? [] : [late])])
      expect(await asSession(each)('own')).not.toBe(200);
    expect(await asSession(other)('own')).toBe(200);
  });

  test('can be opened by many at once under one name', async () => {
    const { principal, key } = await open();
    const opened = await Promise.all(Array.from({ length: 6 }, () => issuer.renewKey(principal, key.name)));
    for (const each of opened) expect(await asSession(each)('own')).toBe(200);
  });

  test('can be opened by several replicas at once under one name', async () => {
    const { principal, key } = await open();
    const replicas = await Promise.all([find(), find(), find()]);
    const opened = await Promise.all(
      [...replicas, ...replicas].map((replica) => replica.renewKey(principal, key.name)),
    );
    for (const each of opened) expect(await asSession(each)('own')).toBe(200);
  });
});

test.each(withSts)(
  'on %s a daemon hands out sessions, and access follows the portal',
  async (_name, start) => {
    await using world = await createWorldOn(start, {
      PROV_CREDENTIALS: 'sessions',
      PROV_SESSION_LIFETIME: '15m',
    });
    const user = new PortalUser(world.portal.url);
    const entries = (home: string, wanted: (text: string) => boolean) =>
      eventually(`the expected .env of ${home}`, async () => {
        const text = await world.workspaceFile(home, '.env');
        return text !== null && wanted(text) ? entriesOf(text) : null;
      });
    const as = (env: Readonly<Record<string, string>>, home: string) => {
      const { S3_ACCESS_KEY: id = '', S3_SECRET_KEY: secret = '', S3_SESSION_TOKEN: token = '' } = env;
      return read(world.store.endpoint, { id, secret, token }, home as HomeName);
    };
    const producer = await user.createProduct('Producer', 'producer');
    const consumer = await user.createProduct('Consumer', 'consumer');
    const port = await user.createPort(producer, 'port');
    await entries('producer', () => true);
    const before = await entries('consumer', () => true);
    expect(before.AWS_SESSION_TOKEN).toBe(before.S3_SESSION_TOKEN);
    expect(Date.parse(before.S3_CREDENTIALS_EXPIRE ?? '') - Date.now()).toBeGreaterThan(13 * 60_000);
    expect([await as(before, 'consumer'), await as(before, 'producer')]).toEqual([200, 403]);

    await user.requestAccess(consumer, port);
    await user.decide(producer, port, consumer, 'approve');
    const granted = await entries('consumer', (text) => text.includes('/producer/output/'));
    expect(granted.S3_ACCESS_KEY).not.toBe(before.S3_ACCESS_KEY);
    expect(await as(granted, 'producer')).toBe(200);

    await world.restart();
    await user.decide(producer, port, consumer, 'revoke');
    await eventually(
      'the end of the access, under the open session',
      async () => (await as(granted, 'producer')) === 403,
    );
    for (const product of [producer, consumer]) {
      await user.delete(product);
      await eventually('its end', async () => !(await user.exists(product)));
    }
    expect(await as(granted, 'consumer')).not.toBe(200);
    const token = granted.S3_SESSION_TOKEN ?? 'none';
    expect(world.lines.filter((line) => line.includes(token))).toEqual([]);
  },
);

test.each(servers.filter(([name]) => name === 'MinIO' || name === 'MiniStack'))(
  'on %s lasting keys give way to sessions when the setting changes, and end; an open .env ends its session; and back again',
  async (_name, start) => {
    await using world = await createWorldOn(start, { PROV_KEY_GRACE: '1s', PROV_DRIFT_INTERVAL: '1s' });
    const product = await new PortalUser(world.portal.url).createProduct('Product', 'product');
    const entries = (wanted: (text: string) => boolean) =>
      eventually('the expected .env', async () => {
        const text = await world.workspaceFile('product', '.env');
        return text !== null && wanted(text) ? entriesOf(text) : null;
      });
    const as = ({
      S3_ACCESS_KEY: id = '',
      S3_SECRET_KEY: secret = '',
      ...others
    }: Readonly<Record<string, string>>) => {
      const { S3_SESSION_TOKEN: token } = others;
      const key = { id, secret, ...(token === undefined ? {} : { token }) };
      return read(world.store.endpoint, key, 'product' as HomeName);
    };
    const lasting = await entries(() => true);
    await world.restart({ PROV_CREDENTIALS: 'sessions' });
    const session = await entries((text) => text.includes('S3_SESSION_TOKEN='));
    expect(await as(session)).toBe(200);
    await eventually('the end of the lasting key', async () => (await as(lasting)) !== 200);

    await chmod(join(world.folder, 'products/product/.env'), 0o644);
    const { S3_SESSION_TOKEN: known = 'none' } = session;
    const unknown = await entries((text) => text.includes('S3_SESSION_TOKEN=') && !text.includes(known));
    await eventually('the end of the session that others may know', async () => (await as(session)) !== 200);
    expect(await as(unknown)).toBe(200);

    await world.restart();
    const back = await entries((text) => !text.includes('S3_SESSION_TOKEN='));
    expect(await as(back)).toBe(200);
    await eventually('the end of the session', async () => (await as(unknown)) !== 200);
    expect(await as(back)).toBe(200);
    const user = new PortalUser(world.portal.url);
    await user.delete(product);
    await eventually('its end', async () => !(await user.exists(product)));
    expect(await as(back)).not.toBe(200);
  },
);
