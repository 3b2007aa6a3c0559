/** When products vanish in numbers, nothing is torn down until a person agrees. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { provisioner } from '../support/command-line.ts';
import { isIdle } from '../support/idle.ts';
import { s3As } from '../support/s3-as.ts';
import { createWorld, eventually } from '../support/world.ts';

test('a deleted lifecycle takes its products from the portal, and their homes stay until the brake is released', async () => {
  await using world = await createWorld();
  const user = new PortalUser(world.portal.url);
  const homes = ['one', 'two', 'three', 'four'];
  for (const home of homes) await user.createProduct(home, home, { lifecycle: 'Ready' });
  await user.createProduct('stays', 'stays');
  const envs = await Promise.all(
    [...homes, 'stays'].map((home) => eventually(`.env of ${home}`, () => world.workspaceFile(home, '.env'))),
  );

  await user.deleteLifecycle('Ready');
  await eventually('the brake', () => world.lines.some((line) => line.includes('the brake is on')));
  await eventually('all four held', async () => (await metric(world.daemon().url, 'state="held"')) === 4);
  for (const [index, home] of homes.entries()) {
    expect(await world.workspaceFile(home, '.env')).toBe(envs[index]);
    expect(await s3As(world.store.endpoint, envs[index] ?? '').get(`${home}/.keep`)).toBe(200);
  }

  // A look that still waits would find the release, and tear down as its own.
  await eventually('nothing to do', () => isIdle(world));
  await writeFile(join(world.folder, 'control', 'brake-release'), '');
  for (const [index, home] of homes.entries()) {
    await eventually(`the end of ${home}`, async () => (await world.workspaceFile(home, '.env')) === null);
    expect(await s3As(world.store.endpoint, envs[index] ?? '').get(`${home}/.keep`)).toBe(403);
  }
  expect(await world.workspaceFile('stays', '.env')).toBe(envs.at(-1));

  // A run is told when it is over.
  await eventually('nothing to do', () => isIdle(world));
  const { url } = world.daemon();
  const [engaged] = await audit(url, 'engage-brake');
  expect(engaged).toMatchObject({ actor: 'provisioner', run: expect.any(String) });
  expect(engaged?.after?.reason).toMatch(/^4 of 5 products went away/);
  const released = { actor: 'person:control folder', target: 'brake', after: { products: 4 } };
  expect(await audit(url, 'order-release-brake')).toMatchObject([released]);
  const ends = await audit(url, 'delete-principal');
  expect(ends.map(({ actor }) => actor)).toEqual(homes.map(() => 'person:control folder'));
});

/** Each releases the brake. */
const ways: readonly (readonly [string, string, (url: string) => Promise<unknown>])[] = [
  ['API', 'local', (url) => fetch(`${url}/api/v1/brake/release`, { method: 'POST' })],
  ['command line', 'local', (url) => provisioner(['brake', 'release', '--url', url], {})],
  ['console', 'local', (url) => orderOnConsole(`${url}/console`, 'release-brake')],
];

/** Asks for the order's form on the page below which it stands, and sends it. */
async function orderOnConsole(page: string, order: string): Promise<Response> {
  const form = await (await fetch(`${page}/confirm/${order}`)).text();
  const csrf = /name="csrf" value="(?<csrf>[^"]+)"/.exec(form)?.groups?.csrf ?? '';
  const body = new URLSearchParams({ csrf });
  return fetch(`${page}/orders/${order}`, { method: 'POST', body, redirect: 'manual' });
}

test('the brake is released by API, command line and console, each time for what it holds then', async () => {
  // One is enough for the brake.
  await using world = await createWorld({ PROV_BRAKE_MINIMUM: '1', PROV_BRAKE_PERCENT: '1' });
  const { url } = world.daemon();
  const user = new PortalUser(world.portal.url);
  const products = await Promise.all(ways.map((_way, index) => user.createProduct(`p${index}`, `p${index}`)));
  for (const index of ways.keys())
    await eventually(`.env of ${index}`, () => world.workspaceFile(`p${index}`, '.env'));
  for (const [index, [way, who, release]] of ways.entries()) {
    await user.delete(products[index] ?? '');
    await eventually(`p${index} held`, async () => (await metric(url, 'state="held"')) === 1);
    await release(url);
    await eventually(`the end by ${way}`, async () => !(await user.exists(products[index] ?? '')));
    const [latest] = await audit(url, 'order-release-brake');
    expect(latest, way).toMatchObject({ actor: `person:${who}`, after: { products: 1 } });
  }
  expect(await audit(url, 'order-release-brake')).toHaveLength(ways.length);
});

test('a single deletion is not held up, and is undone by API, command line and console while the archive has the workspace', async () => {
  await using world = await createWorld();
  const { url } = world.daemon();
  const user = new PortalUser(world.portal.url);
  const product = await user.createProduct('one', 'one');
  await eventually('.env', () => world.workspaceFile('one', '.env'));
  await writeFile(join(world.folder, 'products/one/mine.sql'), 'select 1\n');
  const { products } = world.portal.state;
  const copy = products.get(product);
  if (copy === undefined) throw new Error('the portal has no such product');
  const deleteIt = async () => {
    await user.delete(product);
    await eventually('its end', async () => !(await user.exists(product)));
    await eventually('retired', async () => (await stateOf(product)) === 'retired');
    // The portal's word of the end comes after it.
    await eventually('nothing to do', () => isIdle(world));
  };
  const stateOf = async (id: string) =>
    z.object({ state: z.string() }).parse(await (await fetch(`${url}/api/v1/products/${id}`)).json()).state;
  const undelete = () => fetch(`${url}/api/v1/products/${product}/undelete`, { method: 'POST' });

  const undeletions: readonly (readonly [string, () => Promise<unknown>, unknown])[] = [
    ['API', async () => (await undelete()).status, 202],
    [
      'command line',
      async () => (await provisioner(['undelete', 'one', '--url', url], {})).out,
      'The workspace will be brought back: one.\n',
    ],
    [
      'console',
      async () =>
        (await orderOnConsole(`${url}/console/products/${product}`, 'undelete')).headers.get('location'),
      `/console/products/${product}?done=undelete`,
    ],
  ];
  for (const [index, [way, order, answer]] of undeletions.entries()) {
    await deleteIt();
    expect((await undelete()).status, way).toBe(404);
    expect(await world.workspaceFile('one', 'mine.sql'), way).toBeNull();
    // Without a webhook: nobody but the order tells the daemon.
    products.set(product, { ...copy, status: 'active', finalizers: [] });
    expect(await order(), way).toBe(answer);
    await eventually(`the workspace by ${way}`, () => world.workspaceFile('one', 'mine.sql'));
    await eventually(`a key by ${way}`, async () =>
      (await world.workspaceFile('one', '.env'))?.includes('S3_SECRET_KEY='),
    );
    const orders = await audit(url, 'order-undelete');
    expect(orders, way).toHaveLength(index + 1);
    expect(orders[0], way).toMatchObject({ actor: 'person:local', product });
  }

  await deleteIt();
  await rm(join(world.folder, 'products/.archive'), { recursive: true });
  products.set(product, { ...copy, status: 'active', finalizers: [] });
  const gone = await undelete();
  expect([gone.status, await gone.json()]).toEqual([410, expect.objectContaining({ code: 'ARCHIVE_GONE' })]);
});

const Rows = z.object({
  items: z.array(
    z.object({
      actor: z.string(),
      run: z.string().nullable(),
      target: z.string(),
      product: z.string().nullable(),
      after: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
});

/** Newest first. */
async function audit(url: string, action: string) {
  return Rows.parse(await (await fetch(`${url}/api/v1/audit?action=${action}`)).json()).items;
}

async function metric(url: string, label: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text
    .split('\n')
    .find((each) => each.startsWith('provisioner_products') && each.includes(label));
  return Number(line?.split(' ').at(-1) ?? 0);
}
