/** The life of data products, through the portal's own webhooks, on a real store. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { isIdle } from '../support/idle.ts';
import { entriesOf, s3As } from '../support/s3-as.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

let world: World;
let user: PortalUser;
let number = 0;

beforeAll(async () => {
  // Tests delete products of their own; the brake has its own tests.
  world = await createWorld({ PROV_BRAKE_MINIMUM: '1000' });
  user = new PortalUser(world.portal.url);
});
afterAll(() => world?.[Symbol.asyncDispose]());

const env = (home: string) => eventually(`an .env in ${home}`, () => world.workspaceFile(home, '.env'));
const envWith = (home: string, wanted: (text: string) => boolean) =>
  eventually(`the expected .env in ${home}`, async () => {
    const text = await world.workspaceFile(home, '.env');
    return text !== null && wanted(text) ? text : null;
  });

/** A producer with a port and a consumer, both with homes, named uniquely. */
async function pair() {
  number += 1;
  const producerHome = `producer-${number}`;
  const consumerHome = `consumer-${number}`;
  const producer = await user.createProduct(`Producer ${number}`, producerHome);
  const consumer = await user.createProduct(`Consumer ${number}`, consumerHome);
  const port = await user.createPort(producer, `port-${number}`);
  const producerEnv = await env(producerHome);
  const consumerEnv = await env(consumerHome);
  return { producer, consumer, port, producerHome, consumerHome, producerEnv, consumerEnv };
}

async function approvedPair() {
  const both = await pair();
  await user.requestAccess(both.consumer, both.port);
  await user.decide(both.producer, both.port, both.consumer, 'approve');
  const granted = await envWith(both.consumerHome, (text) => text.includes(`/${both.producerHome}/output/`));
  return { ...both, granted };
}

describe('a new product', () => {
  test('gets the five files of a workspace and a key that opens its own prefix only', async () => {
    const { producerHome, producerEnv, consumerHome } = await pair();
    for (const path of ['.gitignore', 'README.md', 'config.yaml', 'models/example.sql']) {
      expect(await world.workspaceFile(producerHome, path), path).not.toBeNull();
    }
    const store = s3As(world.store.endpoint, producerEnv);
    expect(await store.put(`${producerHome}/output/example/data.parquet`)).toBe(200);
    expect(await store.list(`${producerHome}/`)).toBe(200);
    expect(await store.put(`${consumerHome}/x`)).toBe(403);
    expect(await store.get(`${consumerHome}/.keep`)).toBe(403);
    expect(await store.list('')).toBe(403);
  });

  test('has an .env that only its owner reads, with a key of its own', async () => {
    const { producerHome, producerEnv, consumerEnv } = await pair();
    const { mode } = await stat(join(world.folder, 'products', producerHome, '.env'));
    expect(mode & 0o777).toBe(0o600);
    const entries = entriesOf(producerEnv);
    expect(entries.S3_ACCESS_KEY).toMatch(/^AKIA[A-Z0-9]{16}$/);
    expect(entries.S3_SECRET_KEY).toHaveLength(40);
    expect(entries.S3_PREFIX).toBe(`${producerHome}/`);
    expect(entries.S3_ACCESS_KEY).not.toBe(world.store.accessKey);
    expect(entries.S3_ACCESS_KEY).not.toBe(entriesOf(consumerEnv).S3_ACCESS_KEY);
  });

  test('is held by our finalizer in the portal', async () => {
    const { producer } = await pair();
    const detail = await user.detail(producer);
    expect(detail.finalizers).toContain('data-product-provisioner');
  });
});

test('what came of a webhook is found by its id: each line of the run has delivery, product and run', async () => {
  const { producer } = await pair();
  await eventually('the queue to be empty', () => isIdle(world));
  const lines = world.lines.map((line) => JSON.parse(line));
  const runs = new Set(
    lines.filter((line) => line.product === producer && line.run !== undefined).map((line) => line.run),
  );
  const caused = [...runs].filter((run) =>
    lines.some((line) => line.run === run && line.cause === 'delivery' && line.did > 0),
  );
  expect(caused.length).toBeGreaterThan(0);
  const taken = new Set(
    lines.filter((line) => line.message === 'took a delivery').map((line) => line.delivery),
  );
  for (const run of caused) {
    const own = lines.filter((line) => line.run === run);
    expect(own.length).toBeGreaterThan(1);
    expect(new Set(own.map((line) => line.product))).toEqual(new Set([producer]));
    const deliveries = new Set(own.map((line) => line.delivery));
    expect(deliveries.size).toBe(1);
    expect(taken.has([...deliveries][0])).toBe(true);
  }
});

describe('access', () => {
  test('approved: the consumer gets new credentials that read the input and do not write it', async () => {
    const { consumerEnv, granted, producerHome } = await approvedPair();
    expect(entriesOf(granted).S3_ACCESS_KEY).not.toBe(entriesOf(consumerEnv).S3_ACCESS_KEY);
    const store = s3As(world.store.endpoint, granted);
    expect(await store.get(`${producerHome}/.keep`)).toBe(200);
    expect(await store.list(`${producerHome}/`)).toBe(200);
    expect(await store.put(`${producerHome}/x`)).toBe(403);
    expect(await store.remove(`${producerHome}/.keep`)).toBe(403);
  });

  test('approved: the old key works on during its grace', async () => {
    const { consumerEnv, consumerHome } = await approvedPair();
    expect(await s3As(world.store.endpoint, consumerEnv).put(`${consumerHome}/still`)).toBe(200);
  });

  test.each(['revoke', 'remove'] as const)('%s: the old and the new key lose the input', async (ending) => {
    const { producer, consumer, port, granted, consumerHome, producerHome } = await approvedPair();
    await user.decide(producer, port, consumer, ending);
    const after = await envWith(consumerHome, (text) => !text.includes(`/${producerHome}/output/`));
    expect(await s3As(world.store.endpoint, granted).get(`${producerHome}/.keep`)).toBe(403);
    const store = s3As(world.store.endpoint, after);
    expect(await store.get(`${producerHome}/.keep`)).toBe(403);
    expect(await store.put(`${consumerHome}/own`)).toBe(200);
  });

  test('denied: nothing changes for the consumer', async () => {
    const { producer, consumer, port, consumerHome, consumerEnv, producerHome } = await pair();
    await user.requestAccess(consumer, port);
    await user.decide(producer, port, consumer, 'deny');
    await world.portal.idle();
    await eventually('the queue to be empty', () => isIdle(world));
    expect(await world.workspaceFile(consumerHome, '.env')).toBe(consumerEnv);
    expect(await s3As(world.store.endpoint, consumerEnv).get(`${producerHome}/.keep`)).toBe(403);
  });
});

describe('a deleted product', () => {
  test('loses key and workspace, its consumers lose the input, its data stays', async () => {
    const { producer, producerEnv, producerHome, consumerHome } = await approvedPair();
    await s3As(world.store.endpoint, producerEnv).put(`${producerHome}/output/kept.parquet`);
    await user.delete(producer);
    await eventually('the portal to let it go', async () => !(await user.exists(producer)));
    expect(await s3As(world.store.endpoint, producerEnv).get(`${producerHome}/.keep`)).toBe(403);
    expect(await world.workspaceFile(producerHome, '.env')).toBeNull();
    const archived = (await readdir(join(world.folder, 'products', '.archive'))).filter((name) =>
      name.startsWith(producerHome),
    );
    expect(archived).toHaveLength(1);
    const after = await envWith(consumerHome, (text) => !text.includes(`/${producerHome}/output/`));
    expect(await s3As(world.store.endpoint, after).get(`${producerHome}/.keep`)).toBe(403);
  });

  test('leaves its name to nobody while its data is there', async () => {
    const { producer, producerHome } = await pair();
    await user.delete(producer);
    await eventually('the portal to let it go', async () => !(await user.exists(producer)));
    const heir = await user.createProduct('Heir', producerHome);
    const text = await env(`${producerHome}-${heir.slice(0, 8)}`);
    expect(await s3As(world.store.endpoint, text).get(`${producerHome}/.keep`)).toBe(403);
  });
});

describe('a namespace', () => {
  test.each(['..', '.env', '.archive', '-a', '--'])('%j gets a safe home', async (namespace) => {
    const product = await user.createProduct('Odd', namespace);
    await env(`product-${product.slice(0, 8)}`);
    expect(await world.workspaceFile(namespace, 'config.yaml')).toBeNull();
    expect((await readdir(world.folder)).sort()).toEqual(['control', 'data', 'products']);
  });

  test('that is renamed keeps its home and key', async () => {
    const { producer, producerHome, producerEnv } = await pair();
    await user.rename(producer, `renamed-${number}`);
    await world.portal.idle();
    await eventually('the queue to be empty', () => isIdle(world));
    expect(await world.workspaceFile(producerHome, '.env')).toBe(producerEnv);
    expect(await world.workspaceFile(`renamed-${number}`, '.env')).toBeNull();
  });
});

test('our own writes come back as webhooks and settle', async () => {
  await pair();
  await eventually('the queue to be empty', () => isIdle(world));
  const before = world.portal.deliveries.length;
  const lines = world.lines.length;
  await world.restart();
  await eventually('the resync', () => world.lines.slice(lines).some((line) => line.includes('"resync"')));
  await eventually('the queue to be empty', () => isIdle(world));
  expect(world.portal.deliveries.length - before).toBeLessThan(5);
});
