/** The API of a running daemon, each answer held against the document that it serves. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { type ApiCaller, createApiCaller } from '../support/api-caller.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

const adminKey = 'an-admin-key-of-this-test-0123456789';
const nothing = '00000000-0000-4000-8000-000000000000';
let world: World;
let user: PortalUser;
let api: ApiCaller;
let provider: string;
let consumer: string;

beforeAll(async () => {
  world = await createWorld({ PROV_ADMIN_KEY: adminKey });
  user = new PortalUser(world.portal.url);
  provider = await user.createProduct('<b>Source</b> "1"', 'source');
  const port = await user.createPort(provider, 'out');
  consumer = await user.createProduct('Reader', 'reader');
  await user.requestAccess(consumer, port);
  await user.decide(provider, port, consumer, 'approve');
  api = await createApiCaller(world.daemon().url, { authorization: `Bearer ${adminKey}` });
  await eventually('access', async () => (await api.call('get', '/grants')).json.items?.length === 1);
  await eventually('order', async () => {
    const { byHeadline, jobs } = (await api.call('get', '/overview')).json;
    return byHeadline.Ready === 2 && jobs.waiting + jobs.running === 0;
  });
});
afterAll(() => world[Symbol.asyncDispose]());

describe('reading', () => {
  it('tells of the store', async () => {
    const seen = async () => (await api.call('get', '/store')).json.identity?.capabilities;
    expect(await eventually('what it was seen to do', seen)).toMatchObject({ policies: 'enforced' });
  });

  it('tells of products: a list in pages, and one with keys, inputs and consumers', async () => {
    const first = await api.call('get', '/products?limit=1&sort=name');
    const second = await api.call('get', `/products?limit=1&sort=name&cursor=${first.json.next}`);
    expect([...first.json.items, ...second.json.items].map(({ name }) => name)).toEqual([
      '<b>Source</b> "1"',
      'Reader',
    ]);
    expect(second.json.next).toBeNull();
    expect((await api.call('get', '/products?named=reader')).json.items).toMatchObject([{ id: consumer }]);
    expect((await api.call('get', '/products?named=reade')).json.items).toEqual([]);
    const reader = (await api.call('get', `/products/${consumer}`)).json;
    expect(reader).toMatchObject({ headline: 'Ready', home: 'reader' });
    // Approved before or after its first key: there may be an older one in its grace.
    expect(reader.keys).toContainEqual(expect.objectContaining({ state: 'current' }));
    expect(reader.inputs[0]).toMatchObject({
      provider: { id: provider },
      outputPortName: 'Port out',
      validUntil: null,
    });
    expect((await api.call('get', `/products/${provider}`)).json.consumers).toHaveLength(1);
  });

  it('tells of runs with their actions and of deliveries with their products', async () => {
    const runs = (await api.call('get', `/runs?product=${consumer}&outcome=succeeded`)).json.items;
    const run = (await api.call('get', `/runs/${runs.at(-1).id}`)).json;
    expect(run.actions.map(({ kind }: { kind: string }) => kind)).toContain('issue-key');
    const deliveries = (await api.call('get', `/deliveries?product=${consumer}&verdict=accepted`)).json.items;
    const delivery = (await api.call('get', `/deliveries/${deliveries[0].id}`)).json;
    expect(delivery.productNames[consumer]).toBe('Reader');
  });

  it('tells of the audit, as a list and as lines, and that none was changed', async () => {
    await eventually(
      'the audit',
      async () => (await api.call('get', `/audit?product=${consumer}`)).json.items.length > 0,
    );
    const lines = await api.call('get', `/audit/export?product=${consumer}`);
    expect(lines.headers.get('content-type')).toContain('application/x-ndjson');
    expect(lines.json[0].product).toBe(consumer);
    const events = await api.call('get', `/audit/export?product=${consumer}&format=cloudevents`);
    expect(events.json[0]).toMatchObject({ specversion: '1.0', id: lines.json[0].id, subject: consumer });
    expect((await api.call('get', '/audit/verify')).json).toMatchObject({ ok: true });
  });

  it('answers 304 to who has it already', async () => {
    const first = await api.call('get', `/products/${provider}`);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\//);
    const again = await api.call('get', `/products/${provider}`, { headers: { 'if-none-match': etag } });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it('holds no secret of a product, nor the digest of one', async () => {
    const env = (await world.workspaceFile('reader', '.env')) ?? '';
    const secret = /S3_SECRET_KEY="?([^"\n]+)/.exec(env)?.[1] ?? 'the .env has no secret';
    const paths = [
      '/overview',
      `/products/${consumer}`,
      '/runs',
      '/deliveries',
      '/audit',
      `/products/${consumer}/plan`,
    ];
    for (const path of paths) expect((await api.call('get', path)).text).not.toContain(secret);
    expect((await api.call('get', `/products/${consumer}`)).text).not.toMatch(/[0-9a-f]{64}/);
  });

  it('describes itself as a page without scripts, with names of forms and problems', async () => {
    const page = await api.call('get', '/docs');
    expect(page.text).toContain('getProductsProduct');
    expect(page.text).toContain('id="not-found"');
    expect(page.text).not.toContain('<script');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await api.call('get', '/docs/styles.css')).headers.get('content-type')).toContain('text/css');
    expect((await api.call('get', '/openapi.json')).json.openapi).toBe('3.1.1');
  });
});

describe('ordering', () => {
  it('has a key replaced, and says in the audit who asked', async () => {
    const before = (await api.call('get', `/products/${consumer}`)).json.keys[0].id;
    expect((await api.call('post', `/products/${consumer}/rotate`)).status).toBe(202);
    await eventually('another key', async () => {
      const { keys } = (await api.call('get', `/products/${consumer}`)).json;
      const current = keys.find(({ state }: { state: string }) => state === 'current');
      return current !== undefined && current.id !== before;
    });
    const rows = (await api.call('get', '/audit?action=order-rotate')).json.items;
    expect(rows[0]).toMatchObject({ actor: 'person:key:settings', product: consumer });
  });

  it('pauses and resumes one product, and all', async () => {
    expect((await api.call('post', `/products/${provider}/pause`)).status).toBe(202);
    expect((await api.call('get', '/products?paused=true')).json.items).toMatchObject([{ id: provider }]);
    expect((await api.call('post', `/products/${provider}/resume`)).status).toBe(202);
    expect((await api.call('get', '/products?paused=true')).json.items).toEqual([]);
    await api.call('post', '/pause');
    expect((await api.call('get', '/overview')).json.pause).toMatchObject({ by: 'key:settings' });
    await api.call('post', '/resume');
    expect((await api.call('get', '/overview')).json.pause).toBeNull();
  });

  it('has products looked at: one, some, all, those of a delivery', async () => {
    expect((await api.call('post', `/products/${consumer}/reconcile`)).json).toEqual({ queued: 1 });
    expect(
      (await api.call('post', '/reconcile', { body: { products: [consumer, provider] } })).json.queued,
    ).toBe(2);
    expect((await api.call('post', '/reconcile')).json.queued).toBe(2);
    const [delivery] = (await api.call('get', `/deliveries?product=${consumer}`)).json.items;
    expect((await api.call('post', `/deliveries/${delivery.id}/replay`)).json.queued).toBeGreaterThan(0);
  });

  it('lets all products follow a version of a template: none has to, when all do already', async () => {
    const { template } = (await api.call('get', `/products/${consumer}`)).json;
    const path = `/templates/${encodeURIComponent(template)}/release`;
    expect((await api.call('post', path)).json).toEqual({ queued: 0 });
  });

  it('plans without doing anything', async () => {
    await eventually('nothing to do', async () => {
      const { json } = await api.call('get', `/products/${consumer}/plan`);
      return json.actions.length === 0 && json.drift.length === 0;
    });
  });

  it('plans all living products, or those of one template, a line for each', async () => {
    const all = await api.call('get', '/plan');
    expect(all.headers.get('content-type')).toContain('application/x-ndjson');
    expect(all.json).toMatchObject([
      { product: consumer, home: 'reader', of: 2, plan: { product: consumer }, problem: null },
      { product: provider, home: 'source', of: 2, plan: { product: provider }, problem: null },
    ]);
    expect((await api.call('get', '/plan?template=none-has-this')).text).toBe('');
  });

  it('releases the brake, and says that there is nothing to undelete', async () => {
    expect((await api.call('post', '/brake/release')).json).toEqual({ released: 0 });
    const undelete = await api.call('post', `/products/${consumer}/undelete`);
    expect([undelete.status, undelete.json.code]).toEqual([409, 'NOT_RETIRED']);
  });

  it('lets products follow a new version of a template: here none is behind', async () => {
    const { template } = (await api.call('get', `/products/${provider}`)).json;
    const released = await api.call('post', `/templates/${template}/release`);
    expect([released.status, released.json]).toEqual([202, { queued: 0 }]);
    expect((await api.call('post', '/templates/no-version/release')).status).toBe(400);
    expect((await api.call('get', '/rollouts')).json.items).toMatchObject([
      { template, stage: 'all', canaries: [], behind: 0 },
    ]);
  });

  it('makes a key that works, shows it once, and ends it', async () => {
    const made = await api.call('post', '/keys', { body: { name: 'ci', role: 'viewer', days: 7 } });
    expect(made.status).toBe(201);
    const bearer = { headers: { authorization: `Bearer ${made.json.key}` } };
    expect((await api.call('get', '/me', bearer)).json).toEqual({
      name: 'key:ci',
      role: 'viewer',
      by: 'key',
    });
    const listed = await api.call('get', '/keys');
    expect(listed.json.items).toMatchObject([{ name: 'ci', usedAt: expect.any(String), revokedAt: null }]);
    expect(listed.text).not.toContain(made.json.key.slice(-43));
    for (const name of ['ci', 'settings']) {
      const again = await api.call('post', '/keys', { body: { name, role: 'admin' } });
      expect([again.status, again.json.code], name).toEqual([409, 'NAME_TAKEN']);
    }
    const second = await api.call('post', '/keys', { body: { name: 'second', role: 'viewer' } });
    const page = (await api.call('get', '/keys?limit=1')).json;
    expect(page.items).toMatchObject([{ id: second.json.id }]);
    const rest = (await api.call('get', `/keys?limit=1&cursor=${page.next}`)).json;
    expect([rest.items, rest.next]).toMatchObject([[{ id: made.json.id }], null]);
    await api.call('delete', `/keys/${second.json.id}`);
    expect((await api.call('delete', `/keys/${made.json.id}`)).json).toEqual({ done: true });
    expect((await api.call('get', '/me', bearer)).status).toBe(401);
    const rows = (await api.call('get', `/audit?actor=person:key:settings`)).json.items;
    expect(rows.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['make-api-key', 'revoke-api-key']),
    );
  });
});

describe('what can not be', () => {
  it.each([
    ['get', `/products/${nothing}`],
    ['get', `/products/${nothing}/plan`],
    ['get', `/runs/${nothing}`],
    ['get', `/deliveries/${nothing}`],
    ['post', `/products/${nothing}/rotate`],
    ['post', `/products/${nothing}/pause`],
    ['post', `/products/${nothing}/resume`],
    ['post', `/products/${nothing}/undelete`],
    ['post', `/deliveries/${nothing}/replay`],
    ['delete', '/keys/000000000000'],
    ['get', '/no/such/thing'],
  ])('is a 404 problem: %s %s', async (method, path) => {
    const answer = await api.call(method, path);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.json).toMatchObject({ code: 'NOT_FOUND', status: 404, type: '/api/v1/docs#not-found' });
  });

  it.each([
    ['get', '/products/..%2f..', undefined, 'path', 'product'],
    ['get', '/products?limit=0', undefined, 'query', 'limit'],
    ['get', '/products?sort=colour', undefined, 'query', 'sort'],
    ['get', '/products?serach=x', undefined, 'query', ''],
    ['get', '/products?cursor=xyz', undefined, 'query', 'cursor'],
    ['get', '/runs?from=yesterday', undefined, 'query', 'from'],
    ['get', '/runs?product=1&product=2', undefined, 'query', 'product'],
    ['post', '/keys', { name: 'x', role: 'root' }, 'body', 'role'],
    ['post', '/reconcile', { products: ['x'] }, 'body', 'products.0'],
    ['post', '/reconcile', [], 'body', ''],
  ])('is a 400 problem that names the fault: %s %s %j', async (method, path, body, where, field) => {
    const answer = await api.call(method, path, body === undefined ? {} : { body });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'REQUEST_INVALID', faults: [{ in: where, field }] });
  });

  it('a cursor of another order is refused, and a body that is none, too large, or not JSON', async () => {
    const { next } = (await api.call('get', '/products?limit=1&sort=updated')).json;
    expect((await api.call('get', `/products?limit=1&sort=name&cursor=${next}`)).status).toBe(400);
    const raw = (body: string) =>
      fetch(`${world.daemon().url}/api/v1/keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body,
      });
    const form = new URLSearchParams({ products: consumer });
    const asForm = await fetch(`${world.daemon().url}/api/v1/reconcile`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}` },
      body: form,
    });
    expect([asForm.status, await asForm.json()]).toEqual([
      415,
      expect.objectContaining({ code: 'BODY_NOT_JSON' }),
    ]);
    expect(await (await raw('{')).json()).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await (await raw(`"${'x'.repeat(70_000)}"`)).json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });

  it('a portal that is away is a 503 problem with its code', async () => {
    await using other = await createWorld({ PROV_ADMIN_KEY: adminKey });
    const product = await new PortalUser(other.portal.url).createProduct('one', 'one');
    await eventually('.env', () => other.workspaceFile('one', '.env'));
    const caller = await createApiCaller(other.daemon().url, { authorization: `Bearer ${adminKey}` });
    await other.portal[Symbol.asyncDispose]();
    const answer = await caller.call('get', `/products/${product}/plan`);
    expect(answer.json).toMatchObject({
      status: 503,
      code: 'PORTAL_UNAVAILABLE',
      type: '/api/v1/docs#portal-unavailable',
    });
    expect((await caller.call('get', '/plan')).json).toMatchObject([
      { product, plan: null, problem: { code: 'PORTAL_UNAVAILABLE' } },
    ]);
  });
});

test('docs/api.md has every operation with its role', async () => {
  const page = await readFile('docs/api.md', 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z]+) (\/[^`]*)` \| `(\w+)` \|/gm)].map(
    ([, method, path, role]) => [`${method?.toLowerCase()} ${path}`, `\`${role}\``],
  );
  const described = Object.entries(api.document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { description }]) => [
      `${method} ${path}`,
      /`(?:viewer|operator|admin)`/.exec(description)?.[0],
    ]),
  );
  expect(rows.toSorted()).toEqual(described.toSorted());
});

test('every operation of the document was called by this file, so every form was held against an answer', () => {
  const described = Object.entries(api.document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect([...api.called].toSorted()).toEqual(described.toSorted());
});
