/** What the simulator refuses, in the real portal's words. */
import { describe, expect, test } from 'vitest';
import { startPortalSimulator } from '../../../demo/portal/simulator.ts';
import { call, makePort, makeProduct, makeProductBody } from './products.ts';
import { recordedAnswer, recordedV1 } from './recordings.ts';

const nobody = '00000000-0000-4000-8000-000000000000';
const correlation = expect.stringMatching(/^[0-9a-f]{32}$/);

describe.each(['v0.7.0', 'main'] as const)('%s', (generation) => {
  test.each(['fail-404-get-unknown', 'fail-422-get-bad-uuid'])('answers as recorded: %s', async (name) => {
    await using portal = await startPortalSimulator({ generation });
    const recorded = recordedAnswer(generation, name);
    const path = recorded.request.path.replace('/api/v2', '');
    const { status, json, headers } = await call(portal.url, 'GET', path);
    expect(status).toBe(recorded.status);
    expect(json).toEqual({ ...(recorded.response as object), correlation_id: correlation });
    expect(headers.get('x-request-id')).toBe(json.correlation_id);
  });

  test('the collection of technical assets has one form, the other is a redirect to it', async () => {
    await using portal = await startPortalSimulator({ generation });
    const id = await makeProduct(portal.url);
    const path = `/data_products/${id}/technical_assets`;
    const [right, wrong] = generation === 'main' ? [`${path}/`, path] : [path, `${path}/`];
    expect((await call(portal.url, 'GET', right)).status).toBe(200);
    for (const method of ['GET', 'POST']) {
      const redirect = await call(portal.url, method, `${wrong}?a=1`, method === 'POST' ? {} : undefined);
      expect(redirect.status).toBe(307);
      expect(redirect.text).toBe('');
      expect(redirect.headers.get('location')).toBe(`${portal.url}/api/v2${right}?a=1`);
    }
  });

  test('ports are requested in the form of the generation only', async () => {
    await using portal = await startPortalSimulator({ generation });
    const [provider, consumer] = [await makeProduct(portal.url), await makeProduct(portal.url)];
    const port = await makePort(portal.url, provider);
    const [right, wrong] =
      generation === 'main' ? [[{ output_port_id: port }], [port]] : [[port], [{ output_port_id: port }]];
    const ask = (output_ports: unknown) =>
      call(portal.url, 'POST', `/data_products/${consumer}/input_ports`, {
        output_ports,
        justification: 'x',
      });
    expect((await ask(wrong)).status).toBe(422);
    expect((await ask(right)).status).toBe(200);
    const link = await call(portal.url, 'POST', `/data_products/${consumer}/link_input_ports`, {});
    expect(link.status).toBe(generation === 'main' ? 404 : 422);
  });
});

describe('a wrong body', () => {
  test.each(['fail-422-create', 'fail-422-control-characters'])(
    'is refused as recorded: %s',
    async (name) => {
      const recorded = JSON.parse(recordedV1(name).body.response);
      await using portal = await startPortalSimulator();
      const { status, json } = await call(portal.url, 'POST', '/data_products', recorded.body);
      expect(status).toBe(422);
      expect(json).toEqual({ ...recorded, correlation_id: correlation });
    },
  );

  test('that is no JSON is sent back as text', async () => {
    await using portal = await startPortalSimulator();
    const response = await fetch(`${portal.url}/api/v2/data_products`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name": "é',
    });
    expect(response.status).toBe(422);
    const recorded = JSON.parse(recordedV1('fail-422-bad-json').body.response);
    const json = (await response.json()) as typeof recorded;
    expect(Object.keys(json)).toEqual(Object.keys(recorded));
    expect(Object.keys(json.detail[0])).toEqual(Object.keys(recorded.detail[0]));
    expect(json).toMatchObject({ body: recorded.body, detail: [{ type: 'json_invalid' }] });
  });

  test('that is missing, in another content type, or without owners, is told apart', async () => {
    await using portal = await startPortalSimulator();
    const none = await call(portal.url, 'POST', '/data_products');
    expect(none.json.detail).toEqual([
      { type: 'missing', loc: ['body'], msg: 'Field required', input: null },
    ]);
    const plain = await fetch(`${portal.url}/api/v2/data_products`, { method: 'POST', body: '{}' });
    expect(await plain.json()).toMatchObject({ body: '{}', detail: [{ type: 'model_attributes_type' }] });
    const body = makeProductBody({ owners: [] });
    const ownerless = await call(portal.url, 'POST', '/data_products', body);
    expect(ownerless.json.detail).toMatchObject([{ type: 'too_short', loc: ['body', 'owners'] }]);
  });

  test('can not set a product to deleting', async () => {
    await using portal = await startPortalSimulator();
    const id = await makeProduct(portal.url);
    const path = `/data_products/${id}/status`;
    const { status, json } = await call(portal.url, 'PUT', path, { status: 'deleting' });
    expect(status).toBe(422);
    expect(json.detail).toMatchObject([
      { type: 'value_error', msg: "Value error, Cannot manually set status to 'deleting'" },
    ]);
  });
});

describe('a namespace', () => {
  test.each(['..', '.', '.env', '.archive', '--', '-a', 'a-', '1a', 'a.b', 'a_b', 'con', 'x'.repeat(64)])(
    '%j passes, as it does in the real portal',
    async (namespace) => {
      await using portal = await startPortalSimulator();
      const id = await makeProduct(portal.url, { namespace });
      const { json } = await call(portal.url, 'GET', `/data_products/${id}`);
      expect(json.namespace).toBe(namespace);
    },
  );

  test.each([
    ['', 'INVALID_CHARACTERS'],
    ['Sales', 'INVALID_CHARACTERS'],
    ['a b', 'INVALID_CHARACTERS'],
    ['a/b', 'INVALID_CHARACTERS'],
    ['x'.repeat(65), 'INVALID_LENGTH'],
    ['taken', 'DUPLICATE'],
  ])('%j is refused as %s, when a product is made and when it is renamed', async (namespace, reason) => {
    await using portal = await startPortalSimulator();
    await makeProduct(portal.url, { namespace: 'taken' });
    const id = await makeProduct(portal.url, { namespace: 'free' });
    const body = makeProductBody({ namespace });
    for (const [method, path] of [
      ['POST', '/data_products'],
      ['PUT', `/data_products/${id}`],
    ] as const) {
      const { status, json } = await call(portal.url, method, path, body);
      expect(status).toBe(400);
      expect(json).toEqual({ correlation_id: correlation, detail: `Invalid namespace: ${reason}` });
    }
    const query = new URLSearchParams({ resource_name: namespace, model: 'data_product' });
    const { json } = await call(portal.url, 'GET', `/resource_names/validate?${query}`);
    expect(json).toEqual({ validity: reason });
  });

  test('is proposed as the portal does it', async () => {
    await using portal = await startPortalSimulator();
    const name = encodeURIComponent('Café Ünïcode – 数据');
    const { json } = await call(portal.url, 'GET', `/resource_names/sanitize?name=${name}`);
    expect(json).toEqual({ resource_name: 'caf-ncode' });
  });
});

test('an update keeps what it leaves out or sends empty, but an empty list of tags empties them', async () => {
  await using portal = await startPortalSimulator();
  const tag_ids = [...portal.state.tags.keys()];
  const created = { ...makeProductBody({ tag_ids }), about: 'kept' };
  const id = await makeProduct(portal.url, created);
  const { owners: _owners, tag_ids: _tags, about: _about, ...update } = created;
  const read = async () => (await call(portal.url, 'GET', `/data_products/${id}`)).json;
  await call(portal.url, 'PUT', `/data_products/${id}`, { ...update, description: '', about: null });
  expect(await read()).toMatchObject({ description: created.description, about: 'kept' });
  expect((await read()).tags).toHaveLength(tag_ids.length);
  await call(portal.url, 'PUT', `/data_products/${id}`, { ...update, tag_ids: [] });
  expect((await read()).tags).toEqual([]);
});

test('a product that is gone is missing for every call that needs it', async () => {
  await using portal = await startPortalSimulator();
  const detail = `Required item ${nobody} does not exist`;
  for (const [method, path, body] of [
    ['PUT', '', makeProductBody()],
    ['DELETE', ''],
    ['POST', '/finalizers', { finalizer: 'x' }],
    ['DELETE', '/finalizers/x'],
    ['GET', '/settings'],
    ['GET', '/output_ports'],
    ['GET', '/input_ports'],
  ] as const) {
    const { status, json } = await call(portal.url, method, `/data_products/${nobody}${path}`, body);
    expect([status, json.detail]).toEqual([404, detail]);
  }
});

test('the caller’s request id is used when it is a UUID', async () => {
  await using portal = await startPortalSimulator();
  const id = crypto.randomUUID();
  const response = await fetch(`${portal.url}/api/v2/nothing`, { headers: { 'x-request-id': id } });
  expect(response.headers.get('x-request-id')).toBe(id);
  expect(await response.json()).toEqual({ correlation_id: id, detail: 'Not Found' });
});

describe('with an API key', () => {
  const apiKey = 'portal-api-key';
  const ask = (url: string, path: string, headers: Record<string, string>) =>
    fetch(`${url}/api/v2${path}`, { headers });

  test('calls need it', async () => {
    await using portal = await startPortalSimulator({ apiKey });
    for (const headers of [{}, { 'x-key': 'wrong' }, { 'x-key': '' }] as Record<string, string>[]) {
      const response = await ask(portal.url, '/data_products', headers);
      expect(response.status).toBe(403);
      expect(await response.json()).toEqual({ correlation_id: correlation, detail: 'Unauthenticated' });
    }
    expect((await ask(portal.url, '/data_products', { 'x-key': apiKey })).status).toBe(200);
  });

  test('the version is open to all, and the system account can not ask who it is', async () => {
    await using portal = await startPortalSimulator({ apiKey });
    expect(await (await ask(portal.url, '/version', {})).json()).toEqual({ version: '0.7.0' });
    expect((await ask(portal.url, '/users/current', { 'x-key': apiKey })).status).toBe(500);
  });

  test('a token that can not be verified is a 500, unless the key is right', async () => {
    await using portal = await startPortalSimulator({ apiKey });
    const bearer = { authorization: 'Bearer expired' };
    expect((await ask(portal.url, '/data_products', bearer)).status).toBe(500);
    expect((await ask(portal.url, '/data_products', { ...bearer, 'x-key': apiKey })).status).toBe(200);
  });

  test('a portal without one ignores credentials', async () => {
    await using portal = await startPortalSimulator();
    const headers = { 'x-key': 'any', authorization: 'Bearer any' };
    expect((await ask(portal.url, '/data_products', headers)).status).toBe(200);
  });
});
