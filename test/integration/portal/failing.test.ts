import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ProductList } from '../../../src/portal/schema.ts';
import { cast, recorded } from '../../spec/portal/recorded.ts';
import {
  clientOf,
  fastClient,
  type Responder,
  sendJson,
  sendRecorded,
  somethingWentWrong,
  startServer,
  tokenProvider,
} from './portal-server.ts';

const { provider, consumer } = cast('main');
const products = recorded('main', 'data-products-list');
const apiKey = { kind: 'api-key', key: 'key-of-the-portal' } as const;

/** Answers the first `times` requests with `fail`, all later ones with the product list. */
function failing(times: number, fail: Responder): Responder {
  let count = 0;
  return (request, response) => {
    count += 1;
    if (count <= times) fail(request, response);
    else sendRecorded(response, products);
  };
}

const status =
  (code: number, headers = {}): Responder =>
  (_, response) =>
    sendJson(response, code, somethingWentWrong, headers);

describe('a portal that fails for a while', () => {
  it.each<[string, Responder]>([
    ['500', status(500)],
    ['502', status(502)],
    ['503', status(503)],
    ['429', status(429)],
    ['a closed connection', (_, response) => response.destroy()],
    [
      'a truncated body',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '9000' });
        response.write('{"data_products":[', () => response.destroy());
      },
    ],
    [
      'a truncated body without a length',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"data_products":[', () => response.destroy());
      },
    ],
  ])('is asked again after %s', async (_, fail) => {
    await using portal = await startServer(failing(2, fail));
    expect((await fastClient(portal.url).listProducts()).length).toBeGreaterThan(0);
    expect(portal.seen).toHaveLength(3);
  });

  it('is unavailable after the last try, with what finds the request in its log', async () => {
    await using portal = await startServer(status(503, { 'x-request-id': 'abcdef0123456789' }));
    await expect(fastClient(portal.url).listProducts()).rejects.toMatchObject({
      code: 'PORTAL_UNAVAILABLE',
      retryable: true,
      facts: { route: 'GET /data_products', status: 503, correlationId: 'abcdef0123456789' },
    });
    expect(portal.seen).toHaveLength(3);
  });

  it('names the request in the body where it does not in a header', async () => {
    await using portal = await startServer(status(500));
    await expect(fastClient(portal.url).listProducts()).rejects.toMatchObject({
      facts: { correlationId: somethingWentWrong.correlation_id },
    });
  });

  it('does not get its words into our log by that name', async () => {
    const body = { correlation_id: 'forged\nline', detail: 'x' };
    await using portal = await startServer((_, response) => sendJson(response, 500, body));
    const error = await fastClient(portal.url)
      .listProducts()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PORTAL_UNAVAILABLE' });
    expect(error).not.toHaveProperty('facts.correlationId');
  });

  it('gets the pause that it asks for', async () => {
    const times: number[] = [];
    await using portal = await startServer(
      failing(1, (request, response) => {
        times.push(performance.now());
        status(503, { 'retry-after': '1' })(request, response);
      }),
    );
    await fastClient(portal.url).listProducts();
    expect(performance.now() - (times[0] ?? Number.NaN)).toBeGreaterThanOrEqual(990);
    expect(portal.seen).toHaveLength(2);
  });

  it('is left alone at once when it asks for a longer pause than a call may take', async () => {
    await using portal = await startServer(status(429, { 'retry-after': '3600' }));
    await expect(fastClient(portal.url).listProducts()).rejects.toMatchObject({
      code: 'PORTAL_UNAVAILABLE',
      facts: { retryAfterMs: 3_600_000 },
    });
    expect(portal.seen).toHaveLength(1);
  });

  it('is unavailable when nobody listens', async () => {
    const portal = await startServer(status(200));
    await portal[Symbol.asyncDispose]();
    await expect(fastClient(portal.url).listProducts()).rejects.toMatchObject({
      code: 'PORTAL_UNAVAILABLE',
      facts: { reason: 'ECONNREFUSED' },
    });
  });
});

describe('a slow portal', () => {
  const impatient = { retries: 0, timeoutMs: 100 };

  it('is given up on when nothing comes in time', async () => {
    await using portal = await startServer(() => {});
    await expect(fastClient(portal.url, {}, impatient).listProducts()).rejects.toMatchObject({
      code: 'PORTAL_UNAVAILABLE',
      facts: { reason: 'timeout' },
    });
  });

  it('is given up on when its answer comes byte by byte: the time is for the whole', async () => {
    await using portal = await startServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    });
    await expect(fastClient(portal.url, {}, impatient).listProducts()).rejects.toMatchObject({
      code: 'PORTAL_UNAVAILABLE',
      facts: { reason: 'timeout' },
    });
  });
});

describe('an answer that is not understood', () => {
  it.each<[string, Responder, string]>([
    ['HTML', (_, response) => response.end('<!doctype html><title>Portal</title>'), 'is not JSON'],
    ['nothing', (_, response) => response.writeHead(202).end(), 'at the whole'],
    ['another list', (_, response) => sendJson(response, 200, { products: [] }), 'at data_products'],
    [
      'a product without a namespace',
      (_, response) =>
        sendJson(response, 200, { data_products: [{ id: provider, name: 'hush', status: 'active' }] }),
      'at data_products.0.namespace',
    ],
  ])('%s: the error names route and place, and nothing of the content', async (_, respond, place) => {
    await using portal = await startServer(respond);
    const error = await fastClient(portal.url)
      .listProducts()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PORTAL_CONTRACT', facts: { route: 'GET /data_products' } });
    expect(String(error)).toContain('GET /data_products');
    expect(String(error)).toContain(place);
    expect(String(error)).not.toContain('hush');
    expect(portal.seen).toHaveLength(1);
  });

  it('422 is not repeated in the error: it echoes what people wrote', async () => {
    const body = {
      detail: [{ msg: 'bad', input: 'words of a person' }],
      body: { name: 'words of a person' },
    };
    await using portal = await startServer((_, response) => sendJson(response, 422, body));
    const error = await fastClient(portal.url)
      .readProduct(provider)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PORTAL_CONTRACT', facts: { status: 422 } });
    expect(JSON.stringify([error, String(error)])).not.toContain('words of a person');
  });

  it.each([false, true])('a body without end is not read to its end (compressed: %s)', async (compressed) => {
    const megabyte = Buffer.alloc(1_000_000, ' ');
    const encoding = compressed ? { 'content-encoding': 'gzip' } : {};
    await using portal = await startServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...encoding });
      response.end(compressed ? gzipSync(megabyte) : megabyte);
    });
    await expect(
      fastClient(portal.url, {}, { maxAnswerBytes: 100_000 }).listProducts(),
    ).rejects.toMatchObject({
      code: 'PORTAL_CONTRACT',
      message: expect.stringContaining('100000 bytes'),
    });
  });

  it('a body of many megabytes within the limit is read', async () => {
    const [recordedLine] = ProductList.parse(recorded('main', 'data-products-list').response).data_products;
    const line = { ...recordedLine, id: consumer, name: 'n'.repeat(1000) };
    await using portal = await startServer((_, response) =>
      sendJson(response, 200, { data_products: Array(5000).fill(line) }),
    );
    expect(await fastClient(portal.url).listProducts()).toHaveLength(5000);
  });
});

describe('a portal that refuses', () => {
  const denied = recorded('main', 'fail-403-as-bob');

  it.each([
    [401, 'none are configured'],
    [403, 'none are configured'],
  ])('%i without credentials says that some are needed', async (code, words) => {
    await using portal = await startServer((_, response) => sendJson(response, code, denied.response));
    await expect(fastClient(portal.url).listProducts()).rejects.toMatchObject({
      code: 'PORTAL_DENIED',
      retryable: false,
      message: expect.stringContaining(words),
    });
    expect(portal.seen).toHaveLength(1);
  });

  it('403 to an API key says that key or rights are wrong', async () => {
    await using portal = await startServer((_, response) => sendRecorded(response, denied));
    await expect(fastClient(portal.url, { auth: apiKey }).listProducts()).rejects.toMatchObject({
      code: 'PORTAL_DENIED',
      message: expect.stringContaining('API key is wrong'),
    });
    expect(portal.seen[0]?.headers).toMatchObject({ 'x-key': apiKey.key });
  });

  it('501 to an API key says that this portal takes none', async () => {
    await using portal = await startServer(status(501));
    await expect(fastClient(portal.url, { auth: apiKey }).listProducts()).rejects.toMatchObject({
      code: 'PORTAL_DENIED',
      message: expect.stringContaining('no API key configured'),
    });
    expect(portal.seen).toHaveLength(1);
  });

  it('400 to a token says that its subject is no user of the portal', async () => {
    await using identity = await tokenProvider(3600);
    await using portal = await startServer(status(400));
    await expect(fastClient(portal.url, { auth: clientOf(identity) }).listProducts()).rejects.toMatchObject({
      code: 'PORTAL_DENIED',
      message: expect.stringContaining('external_id'),
    });
  });

  it('400 to anything else is a misunderstanding', async () => {
    await using portal = await startServer(status(400));
    await expect(fastClient(portal.url).listProducts()).rejects.toMatchObject({ code: 'PORTAL_CONTRACT' });
  });
});
