/** What breaks a naive client of the portal, one test for each trap. */
import { describe, expect, it } from 'vitest';
import { OutputPortId } from '../../../src/model/ids.ts';
import { cast, generations, recorded } from '../../spec/portal/recorded.ts';
import {
  answerTo,
  clientOf,
  consumerAnswers,
  fastClient,
  notFound,
  providerAnswers,
  replay,
  sendJson,
  sendRecorded,
  somethingWentWrong,
  startServer,
  tokenProvider,
} from './portal-server.ts';

const key = 'api-key-for-the-traps';
const withKey = { auth: { kind: 'api-key', key } } as const;

describe.each(generations)('traps of the portal, %s', (generation) => {
  const { provider, consumer } = cast(generation);
  const port = OutputPortId.parse(
    recorded(generation, 'output-port-consumers-approved').request.path.split('/')[6],
  );

  it.each([
    ['input-ports-revoked', 'revoked'],
    ['input-ports-renew-pending', 'revoked'],
  ])('status decides, not the decision of the request, which is still approved: %s', async (name, status) => {
    await using portal = await startServer(replay(generation, ...consumerAnswers(generation, name)));
    const product = await fastClient(portal.url).readProduct(consumer);
    expect(product?.inputs.map((input) => input.status)).toEqual([status]);
  });

  it('status without valid_until is not enough: the last day is delivered although status stays approved', async () => {
    const past = recorded(generation, 'input-ports-past-valid-until');
    const path = `/data_products/${consumer}/input_ports`;
    await using portal = await startServer(replay(generation, [], [answerTo('GET', path, past)]));
    const inputs = await fastClient(portal.url).listProviders(consumer);
    expect(inputs).toEqual([expect.objectContaining({ status: 'approved', validUntil: '2026-11-19' })]);
  });

  it('an answer about another product, as a cache in between may give it, is none', async () => {
    const [names, extra] = providerAnswers(generation);
    const other = recorded(generation, 'data-product-non-ascii-after-create');
    const mixedUp = answerTo('GET', `/data_products/${provider}`, other);
    await using portal = await startServer(replay(generation, names, [...extra, mixedUp]));
    await expect(fastClient(portal.url).readProduct(provider)).rejects.toMatchObject({
      code: 'PORTAL_CONTRACT',
    });
  });

  it('202 has no JSON: it is taken as done', async () => {
    const deleting = recorded(generation, 'data-product-delete-202');
    await using portal = await startServer((_, response) => sendRecorded(response, deleting));
    await expect(fastClient(portal.url).removeFinalizer(provider, 'ours')).resolves.toBeUndefined();
    expect(deleting).toMatchObject({ status: 202, response_body_empty: true });
  });

  it('a finalizer does not always come first: a product can be gone from one read to the next', async () => {
    const gone = recorded(generation, 'data-product-gone');
    const parts = ['input_ports', 'settings'].map((part) =>
      answerTo('GET', `/data_products/${provider}/${part}`, gone),
    );
    const noRoles = answerTo('GET', `/authz/role_assignments/data_product?data_product_id=${provider}`, {
      status: 200,
      response: { role_assignments: [] },
    });
    const [names, extra] = providerAnswers(generation);
    const answers = [
      replay(generation, names, extra),
      replay(generation, ['data-product-gone', 'settings-defs'], [...parts, noRoles]),
    ];
    let now = 0;
    await using portal = await startServer((request, response) => answers[now]?.(request, response));
    const client = fastClient(portal.url);
    expect((await client.readProduct(provider))?.id).toBe(provider);
    now = 1;
    expect(await client.readProduct(provider)).toBeNull();
  });

  it('a product is not gone because a part of it is: that is looked at again later', async () => {
    const [names, extra] = providerAnswers(generation);
    const gone = recorded(generation, 'data-product-gone');
    const settings = answerTo('GET', `/data_products/${provider}/settings`, gone);
    await using portal = await startServer(replay(generation, names, [...extra, settings]));
    await expect(fastClient(portal.url).readProduct(provider)).rejects.toMatchObject({
      code: 'PORTAL_UNAVAILABLE',
    });
  });

  it('a path that the portal does not know is a wrong address, not a product that is gone', async () => {
    await using portal = await startServer((_, response) => sendJson(response, 404, notFound));
    const client = fastClient(portal.url);
    await expect(client.readProduct(provider)).rejects.toMatchObject({ code: 'PORTAL_CONTRACT' });
    await expect(client.listProviders(provider)).rejects.toMatchObject({ code: 'PORTAL_CONTRACT' });
    await expect(client.removeFinalizer(provider, 'ours')).rejects.toMatchObject({ code: 'PORTAL_CONTRACT' });
  });

  it('a 404 of a gateway in front of the portal is no product that is gone either', async () => {
    await using portal = await startServer((_, response) => {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('default backend - 404');
    });
    await expect(fastClient(portal.url).readProduct(provider)).rejects.toMatchObject({
      code: 'PORTAL_UNAVAILABLE',
    });
  });

  it('307 is not followed: credentials stay at the address that was configured', async () => {
    await using elsewhere = await startServer((_, response) =>
      sendJson(response, 200, { data_products: [] }),
    );
    await using portal = await startServer(({ url }, response) => {
      response.writeHead(307, { location: `${elsewhere.url}${url}` }).end();
    });
    await expect(fastClient(portal.url, withKey).listProducts()).rejects.toMatchObject({
      code: 'PORTAL_CONTRACT',
      facts: { status: 307 },
    });
    expect(elsewhere.seen).toEqual([]);
    expect(portal.seen.map(({ url }) => url)).toEqual(['/api/v2/data_products', '/api/v2/data_products/']);
  });

  it.each([301, 302, 303])('%i, as a login page is reached by, is not followed', async (status) => {
    await using elsewhere = await startServer((_, response) =>
      sendJson(response, 200, { data_products: [] }),
    );
    await using portal = await startServer((_, response) => {
      response.writeHead(status, { location: elsewhere.url }).end();
    });
    await expect(fastClient(portal.url, withKey).listProducts()).rejects.toMatchObject({
      code: 'PORTAL_CONTRACT',
    });
    expect(elsewhere.seen).toEqual([]);
    expect(portal.seen).toHaveLength(1);
  });

  it('both trailing-slash forms work: the other one is asked at the same address, and remembered', async () => {
    const consumers = recorded(generation, 'output-port-consumers-approved');
    const slashless = answerTo(
      'GET',
      `/data_products/${provider}/output_ports/${port}/input_ports`,
      consumers,
    );
    const redirect = recorded('main', 'technical-asset-create-no-slash');
    await using portal = await startServer((request, response) => {
      // The recorded redirect names a host that does not exist: following it would fail.
      if (request.url.endsWith('/')) sendRecorded(response, redirect);
      else replay(generation, [], [slashless])(request, response);
    });
    const client = fastClient(portal.url, withKey);
    expect(await client.listConsumers(provider, port)).toHaveLength(1);
    expect(await client.listConsumers(provider, port)).toHaveLength(1);
    const endings = portal.seen.map(({ url }) => url.endsWith('/'));
    expect(endings).toEqual([true, false, false]);
    expect(portal.seen.map(({ headers }) => headers['x-key'])).toEqual([key, key, key]);
    expect(redirect.status).toBe(307);
  });

  it('both trailing-slash forms work also when the portal is upgraded while we run', async () => {
    const products = recorded(generation, 'data-products-list');
    let wanted = '/api/v2/data_products';
    await using portal = await startServer(({ url }, response) => {
      if (url === wanted) sendRecorded(response, products);
      else response.writeHead(307, { location: `http://portal.invalid${wanted}` }).end();
    });
    const client = fastClient(portal.url);
    for (const form of ['', '/', '/', '', '']) {
      wanted = `/api/v2/data_products${form}`;
      expect((await client.listProducts()).length).toBeGreaterThan(0);
    }
    expect(portal.seen.map(({ url }) => url.replace('/api/v2/data_products', ''))).toEqual([
      '',
      '',
      '/',
      '/',
      '/',
      '',
      '',
    ]);
  });

  it('tag_ids can not be wiped: of all that we do, nothing but finalizers is written', async () => {
    const [names, extra] = providerAnswers(generation);
    const writes = ['finalizer-add', 'finalizer-remove', 'data-products-list', 'output-ports'];
    await using portal = await startServer(replay(generation, [...names, ...writes], extra));
    const client = fastClient(portal.url);
    await client.listProducts();
    await client.readProduct(provider);
    await client.listOutputPorts(provider);
    await client.addFinalizer(provider, 'workspace-provisioner');
    await client.removeFinalizer(provider, 'workspace-provisioner');
    const written = portal.seen.filter(({ method }) => method !== 'GET');
    const path = `/api/v2/data_products/${provider}/finalizers`;
    expect(written.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', path, '{"finalizer":"workspace-provisioner"}'],
      ['DELETE', `${path}/workspace-provisioner`, ''],
    ]);
  });

  it('500 means an expired token too: it is renewed once and the request repeated, before anything else', async () => {
    await using identity = await tokenProvider(3600);
    const products = recorded(generation, 'data-products-list');
    let valid = 'Bearer token-number-1';
    await using portal = await startServer(({ headers }, response) => {
      if (headers.authorization === valid) sendRecorded(response, products);
      else sendJson(response, 500, somethingWentWrong);
    });
    let nowMs = 0;
    const client = fastClient(portal.url, { auth: clientOf(identity), clock: () => nowMs }, { retries: 0 });
    expect((await client.listProducts()).length).toBeGreaterThan(0);
    valid = 'Bearer token-number-2';
    nowMs = 60_000;
    expect((await client.listProducts()).length).toBeGreaterThan(0);
    expect(identity.seen).toHaveLength(2);
    expect(portal.seen).toHaveLength(3);
  });
});
