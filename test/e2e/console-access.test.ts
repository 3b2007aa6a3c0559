/** Who may do what on the console of a running daemon: every page and order with every role, and without a login. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { estateOrders, productOrders, replayOrder } from '../../src/console/orders.ts';
import { type RoleName, roleNames } from '../../src/model/role.ts';
import { type ApiCaller, createApiCaller } from '../support/api-caller.ts';
import { CookieJar } from '../support/cookie-jar.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

const adminKey = 'an-admin-key-of-this-test-0123456789';
const someId = '00000000-0000-4000-8000-000000000000';

let world: World;
let admin: ApiCaller;
let product: string;
let run: string;
let delivery: string;
/** A browser that is logged in with the role. */
const browsers = new Map<RoleName, CookieJar>();

beforeAll(async () => {
  world = await createWorld({ PROV_ADMIN_KEY: adminKey });
  const { url } = world.daemon();
  admin = await createApiCaller(url, { authorization: `Bearer ${adminKey}` });
  for (const role of roleNames) {
    const { key } = (await admin.call('post', '/keys', { body: { name: role, role } })).json;
    const jar = new CookieJar();
    await jar.post(`${url}/auth/key`, { key, return: '/console' });
    browsers.set(role, jar);
  }
  product = await new PortalUser(world.portal.url).createProduct('Sales', 'sales');
  await eventually('the home', async () => (await admin.call('get', `/products/${product}`)).status === 200);
  await eventually('its run', async () => {
    const { items } = (await admin.call('get', `/runs?product=${product}`)).json;
    run = items[0]?.id;
    return run !== undefined;
  });
  delivery = (await admin.call('get', `/deliveries?product=${product}`)).json.items[0].id;
});
afterAll(() => world?.[Symbol.asyncDispose]());

const at = (path: string) =>
  `${world.daemon().url}/console${path
    .replace('{product}', product)
    .replace('{run}', run)
    .replace('{delivery}', delivery)}`;
const visit = (role: RoleName, path: string) => browsers.get(role)?.get(at(path)) ?? Promise.reject(role);
const below = (role: RoleName, needed: RoleName) => roleNames.indexOf(role) < roleNames.indexOf(needed);

const pages = [
  '',
  '/products',
  '/products/{product}',
  '/products/{product}/asked',
  '/products/{product}/plan',
  '/products/{product}/files',
  '/access',
  '/graph',
  '/runs',
  '/runs/{run}',
  '/deliveries',
  '/deliveries/{delivery}',
  '/audit',
];

describe('a page', () => {
  it.each(pages)('“%s” is for everybody who is logged in, and sends others to log in', async (path) => {
    for (const role of roleNames) {
      const { status, text } = await visit(role, path);
      expect(status, role).toBe(200);
      expect(text).toContain(`<strong>key:${role}</strong>`);
    }
    const stranger = await new CookieJar().get(at(path));
    expect([stranger.status, stranger.location]).toEqual([
      303,
      expect.stringContaining('/auth/login?return='),
    ]);
    const part = await new CookieJar().get(at(path), { 'HX-Request': 'true' });
    expect([part.status, part.text, part.headers.get('hx-refresh')]).toEqual([401, '', 'true']);
  });

  it('the stream of what happens is for nobody without a login', async () => {
    expect((await new CookieJar().get(at('/events'))).status).toBe(303);
  });
});

/** Each order: where it is asked for, where it is given, and the role that it takes. */
const orders = [
  ...Object.entries(productOrders).map(
    ([name, { role }]) =>
      [`/products/{product}/confirm/${name}`, `/products/{product}/orders/${name}`, role] as const,
  ),
  ...Object.entries(estateOrders).map(
    ([name, { role }]) => [`/confirm/${name}`, `/orders/${name}`, role] as const,
  ),
  ['/deliveries/{delivery}/confirm', '/deliveries/{delivery}/replay', replayOrder.role] as const,
];

describe('an order', () => {
  it.each(orders)('asked for at %s and given at %s is for %s and more', async (asks, gives, needed) => {
    const tokens = new Map<RoleName, string>();
    for (const role of roleNames) {
      const asked = await visit(role, asks);
      expect(asked.status, role).toBe(below(role, needed) ? 403 : 200);
      // On every page, for the choice of colours.
      tokens.set(role, /name="csrf" value="([^"]+)"/.exec(asked.text)?.[1] ?? '');
    }
    expect(new Set(tokens.values()).size).toBe(roleNames.length);
    const give = (role: RoleName, csrf: string) =>
      browsers.get(role)?.post(at(gives), { csrf }) ?? Promise.reject(role);
    for (const role of roleNames) {
      const status = (await give(role, tokens.get(role) ?? '')).status;
      if (below(role, needed)) expect(status, role).toBe(403);
      else expect([303, 409], role).toContain(status);
      // With another's token nobody orders anything.
      const [other = 'admin'] = roleNames.filter((each) => each !== role);
      expect((await give(role, tokens.get(other) ?? '')).status, role).toBe(403);
    }
    const stranger = await new CookieJar().post(at(gives), { csrf: tokens.get('admin') ?? '' });
    expect([stranger.status, stranger.location]).toEqual([303, expect.stringContaining('/auth/login')]);
  });

  it('that was refused left nothing in the audit, one that was carried out did', async () => {
    const of = async (role: RoleName) =>
      (await admin.call('get', `/audit?actor=person:key:${role}`)).json.items;
    expect(await of('viewer')).toEqual([]);
    expect((await of('operator')).map(({ action }: { action: string }) => action)).toContain('order-rotate');
    expect((await of('admin')).map(({ action }: { action: string }) => action)).toContain('order-pause');
  });

  it('about what is not there is a page that is not there, for every role', async () => {
    for (const role of roleNames)
      for (const path of [`/products/${someId}/confirm/rotate`, '/confirm/nothing', `/runs/${someId}`])
        expect((await visit(role, path)).status, `${role} ${path}`).toBe(404);
  });
});
