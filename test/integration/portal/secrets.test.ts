import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cast } from '../../spec/portal/recorded.ts';
import {
  clientOf,
  clientSecret,
  fastClient,
  type Responder,
  sendJson,
  startServer,
  tokenProvider,
} from './portal-server.ts';

const key = 'key-that-nobody-may-see';
const { provider } = cast('main');

/** Faults of a server that gives back whatever it was sent. */
const echoes: [string, Responder][] = [
  ...[200, 400, 401, 403, 404, 409, 422, 429, 500, 501, 503].map((status): [string, Responder] => [
    `status ${status}`,
    (request, response) =>
      sendJson(response, status, { ...request, correlation_id: request.headers['x-key'] }),
  ]),
  [
    'a redirect',
    (request, response) => response.writeHead(307, { location: `/${request.headers['x-key']}` }).end(),
  ],
  ['HTML', (request, response) => response.end(`<p>${JSON.stringify(request)}`)],
  [
    'a truncated body',
    (request, response) => {
      response.writeHead(200, { 'content-length': '99999' });
      response.write(JSON.stringify(request), () => response.destroy());
    },
  ],
  ['broken HTTP', (request, response) => response.socket?.end(`${JSON.stringify(request)}\r\n\r\n`)],
  ['a closed connection', (_, response) => response.destroy()],
];

/** Everything that a careless log could show of an error. */
async function fullTextOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => expect.unreachable('the call should fail'),
    (thrown: unknown) => thrown,
  );
  return inspect(error, { depth: null, showHidden: true }) + String(error) + JSON.stringify(error);
}

describe('secrets in errors', () => {
  it.each(echoes)('the API key is in no error: %s', async (_, respond) => {
    await using portal = await startServer(respond);
    const client = fastClient(
      portal.url,
      { auth: { kind: 'api-key', key } },
      { retries: 0, timeoutMs: 2000 },
    );
    const text = await fullTextOf(client.listProducts());
    expect(text).toContain('PORTAL_');
    expect(text).not.toContain(key);
  });

  it.each(echoes)('token and client secret are in no error: %s', async (_, respond) => {
    await using identity = await tokenProvider(3600);
    await using portal = await startServer(respond);
    const client = fastClient(portal.url, { auth: clientOf(identity) }, { retries: 0, timeoutMs: 2000 });
    const text = await fullTextOf(client.readProduct(provider));
    expect(text).toContain('PORTAL_');
    expect(text).not.toContain('token-number-1');
    expect(text).not.toContain(clientSecret);
  });

  it.each(echoes.filter(([name]) => name !== 'status 200'))(
    'the client secret is in no error of the token endpoint: %s',
    async (_, respond) => {
      await using identity = await startServer(respond);
      const client = fastClient(identity.url, { auth: clientOf(identity) }, { retries: 0, timeoutMs: 2000 });
      const text = await fullTextOf(client.listProducts());
      expect(text).toContain('PORTAL_');
      expect(text).not.toContain(clientSecret);
      expect(text).not.toContain(encodeURIComponent(clientSecret));
    },
  );

  it('a key that does not fit into a header is refused at once, without being repeated', () => {
    const make = () => fastClient('http://portal', { auth: { kind: 'api-key', key: `${key}\n` } });
    expect(make).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining(key) }),
    );
  });

  it('a token URL with a password is refused at once, without being repeated', () => {
    const auth = { ...clientOf({ url: '' }), tokenUrl: `http://me:${key}@identity/token` };
    const make = () => fastClient('http://portal', { auth });
    expect(make).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining(key) }),
    );
  });
});
