/** Who may do what over the API: every operation with every role, without one, and on the loopback. */

import { writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { makeApiKey } from '../../src/auth/key-text.ts';
import { keyOrderFile } from '../../src/model/control.ts';
import { type RoleName, roleNames } from '../../src/model/role.ts';
import { type ApiCaller, createApiCaller } from '../support/api-caller.ts';
import { createWorld, type World } from '../support/world.ts';

const nothing = '00000000-0000-4000-8000-000000000000';
const adminKey = 'an-admin-key-of-this-test-0123456789';

/** What each operation needs. An operation that is not here fails the test below. */
const needed: Readonly<Record<string, RoleName>> = {
  'get /overview': 'viewer',
  'get /store': 'viewer',
  'get /products': 'viewer',
  'get /products/{product}': 'viewer',
  'get /products/{product}/plan': 'viewer',
  'get /runs': 'viewer',
  'get /runs/{run}': 'viewer',
  'get /deliveries': 'viewer',
  'get /deliveries/{delivery}': 'viewer',
  'get /grants': 'viewer',
  'get /plan': 'viewer',
  'get /rollouts': 'viewer',
  'get /audit': 'viewer',
  'get /audit/export': 'viewer',
  'get /audit/verify': 'operator',
  'get /me': 'viewer',
  'get /openapi.json': 'viewer',
  'get /docs': 'viewer',
  'get /docs/styles.css': 'viewer',
  'post /products/{product}/reconcile': 'operator',
  'post /products/{product}/rotate': 'operator',
  'post /products/{product}/pause': 'operator',
  'post /products/{product}/resume': 'operator',
  'post /products/{product}/undelete': 'operator',
  'post /deliveries/{delivery}/replay': 'operator',
  'post /reconcile': 'operator',
  'post /pause': 'admin',
  'post /resume': 'admin',
  'post /brake/release': 'admin',
  'post /templates/{template}/release': 'admin',
  'get /keys': 'admin',
  'post /keys': 'admin',
  'delete /keys/{key}': 'admin',
};

let world: World;
let admin: ApiCaller;
const keys = new Map<RoleName, string>();

beforeAll(async () => {
  world = await createWorld({ PROV_ADMIN_KEY: adminKey });
  admin = await createApiCaller(world.daemon().url, { authorization: `Bearer ${adminKey}` });
  for (const role of roleNames)
    keys.set(role, (await admin.call('post', '/keys', { body: { name: role, role } })).json.key);
});
afterAll(() => world[Symbol.asyncDispose]());

const addressOf = (path: string) =>
  path
    .replace('{key}', '000000000000')
    .replace('{template}', 'sqlmesh@0')
    .replaceAll(/\{\w+\}/g, nothing);

describe('an operation', () => {
  it('is in the table above', () => {
    const described = Object.entries(admin.document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.toSorted()).toEqual(Object.keys(needed).toSorted());
  });

  it.each(Object.entries(needed))(
    '%s is for %s and more, and for nobody without a key',
    async (operation, role) => {
      const [method = '', path = ''] = operation.split(' ');
      const statusWith = async (authorization: string) =>
        (await admin.call(method, addressOf(path), { headers: { authorization } })).status;
      for (const each of roleNames) {
        const status = await statusWith(`Bearer ${keys.get(each)}`);
        if (roleNames.indexOf(each) < roleNames.indexOf(role)) expect(status, each).toBe(403);
        else expect([401, 403], each).not.toContain(status);
      }
      const [anybody] = [keys.get('admin') ?? ''];
      const strangers = [
        '',
        'Bearer ',
        'Bearer wrong',
        `Bearer ${anybody.slice(0, -1)}x`,
        anybody,
        `Basic ${btoa(anybody)}`,
      ];
      for (const authorization of strangers) expect(await statusWith(authorization), authorization).toBe(401);
      expect(admin.document.paths[path]?.[method]?.description).toContain(`\`${role}\``);
    },
  );
});

describe('what needs no key', () => {
  it.each(['/', '/health', '/health/live', '/metrics', '/auth/login'])('%s', async (path) => {
    expect((await fetch(`${world.daemon().url}${path}`)).status).toBe(200);
  });
});

describe('a key', () => {
  it('that has ended by time opens nothing', async () => {
    const past = new Date(Date.now() - 1000);
    const { text, record } = makeApiKey({ name: 'old', role: 'admin', expiresAt: past }, 'test', past);
    await writeFile(join(world.folder, 'control', keyOrderFile(record.id)), JSON.stringify(record));
    expect((await admin.call('get', '/me', { headers: { authorization: `Bearer ${text}` } })).status).toBe(
      401,
    );
    expect((await admin.call('get', '/keys')).text).toContain(record.id);
  });

  it('ordered through the control folder works at once, and the order holds no secret', async () => {
    const { text, record } = makeApiKey(
      { name: 'first', role: 'operator', expiresAt: null },
      'root',
      new Date(),
    );
    const order = JSON.stringify(record);
    expect(order).not.toContain(text.slice(-43));
    await writeFile(join(world.folder, 'control', keyOrderFile(record.id)), order);
    const { json } = await admin.call('get', '/me', { headers: { authorization: `Bearer ${text}` } });
    expect(json).toEqual({ name: 'key:first', role: 'operator', by: 'key' });
    const { items } = (await admin.call('get', '/audit?action=make-api-key')).json;
    expect(items).toContainEqual(expect.objectContaining({ actor: 'person:root', target: record.id }));
  });

  it.each([
    ['{'],
    ['{"id":"aaaaaaaaaaaa","role":"admin"}'],
    [
      JSON.stringify({
        ...makeApiKey({ name: 'x', role: 'admin', expiresAt: null }, 'x', new Date()).record,
      }),
    ],
  ])('order that is none is left alone: %s', async (text) => {
    const path = join(world.folder, 'control', keyOrderFile('aaaaaaaaaaaa'));
    await writeFile(path, text);
    expect((await admin.call('get', '/me', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect((await admin.call('get', '/keys')).text).not.toContain('aaaaaaaaaaaa');
  });

  it('never stands in the log', async () => {
    for (const key of keys.values()) expect(world.lines.join('\n')).not.toContain(key.slice(-43));
    expect(world.lines.join('\n')).not.toContain(adminKey);
  });
});

test('with nothing set, only this machine is let in, said loudly; a key closes the API', async () => {
  await using open = await createWorld();
  const { url } = open.daemon();
  expect(open.lines.filter((line) => line.includes('the API is OPEN'))).toHaveLength(1);
  const me = (headers: Record<string, string>) => statusOf(`${url}/api/v1/me`, 'GET', headers);
  expect(await me({})).toBe(200);
  // A foreign name that was made to lead here; a proxy on this machine; a page elsewhere that writes.
  expect(await me({ host: 'evil.example' })).toBe(401);
  expect(await me({ 'x-forwarded-for': '203.0.113.7' })).toBe(401);
  expect(await me({ authorization: 'Bearer wrong' })).toBe(401);
  expect(await statusOf(`${url}/api/v1/pause`, 'POST', { origin: 'https://evil.example' })).toBe(403);
  expect(await statusOf(`${url}/api/v1/pause`, 'POST', { 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await statusOf(`${url}/api/v1/resume`, 'POST', {})).toBe(202);

  const { record } = makeApiKey({ name: 'first', role: 'admin', expiresAt: null }, 'root', new Date());
  await writeFile(join(open.folder, 'control', keyOrderFile(record.id)), JSON.stringify(record));
  expect(await me({})).toBe(401);
});

test('with nothing set and an address that others reach, nobody is let in, and the answer says what to set', async () => {
  await using reachable = await createWorld({ PROV_HOST: '0.0.0.0' });
  const answer = await fetch(`http://127.0.0.1:${new URL(reachable.daemon().url).port}/api/v1/overview`);
  expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('PROV_ADMIN_KEY')]);
  expect(reachable.lines.join('')).not.toContain('the API is OPEN');
});

/** `fetch` does not let a caller name another host. */
function statusOf(url: string, method: string, headers: Record<string, string>): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  httpRequest(url, { method, headers }, (response) => {
    response.resume();
    resolve(response.statusCode);
  })
    .on('error', reject)
    .end();
  return promise;
}
