import { describe, expect, it } from 'vitest';
import { cast, recorded } from '../../spec/portal/recorded.ts';
import {
  clientOf,
  clientSecret,
  fastClient,
  providerAnswers,
  type Responder,
  replay,
  sendJson,
  sendRecorded,
  somethingWentWrong,
  startServer,
  tokenProvider,
} from './portal-server.ts';

const products = recorded('main', 'data-products-list');
const { provider } = cast('main');
const listing: Responder = (_, response) => sendRecorded(response, products);

/** A clock that stands until it is set. */
function standingClock() {
  const state = { nowMs: 1_000_000 };
  return { state, clock: () => state.nowMs };
}

describe('tokens by client credentials', () => {
  it('are asked for as the identity provider expects, and sent as bearer', async () => {
    await using identity = await tokenProvider(3600);
    await using portal = await startServer(listing);
    await fastClient(portal.url, { auth: clientOf(identity) }).listProducts();
    expect(identity.seen[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(identity.seen[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'provisioner',
      client_secret: clientSecret,
      scope: 'openid',
    });
    expect(portal.seen[0]?.headers.authorization).toBe('Bearer token-number-1');
  });

  it('are fetched once for all who need one at the same time', async () => {
    await using identity = await tokenProvider(3600);
    await using portal = await startServer(replay('main', ...providerAnswers('main')));
    await fastClient(portal.url, { auth: clientOf(identity) }).readProduct(provider);
    expect(portal.seen).toHaveLength(5);
    expect(identity.seen).toHaveLength(1);
  });

  it.each([
    [3600, 3569, 1],
    [3600, 3571, 2],
    [20, 9, 1],
    [20, 11, 2],
  ])(
    'that live %i s are, after %i s, renewed before they expire',
    async (lifeSeconds, laterSeconds, fetched) => {
      const { state, clock } = standingClock();
      await using identity = await tokenProvider(lifeSeconds);
      await using portal = await startServer(listing);
      const client = fastClient(portal.url, { auth: clientOf(identity), clock });
      await client.listProducts();
      state.nowMs += laterSeconds * 1000;
      await client.listProducts();
      expect(identity.seen).toHaveLength(fetched);
      expect(portal.seen[1]?.headers.authorization).toBe(`Bearer token-number-${fetched}`);
    },
  );

  it('are renewed once, and the renewal shared, when many requests meet an expired one', async () => {
    const { state, clock } = standingClock();
    await using identity = await tokenProvider(3600);
    const answer = replay('main', ...providerAnswers('main'));
    let valid = 'Bearer token-number-1';
    await using portal = await startServer((request, response) => {
      if (request.headers.authorization === valid) answer(request, response);
      else sendJson(response, 500, somethingWentWrong);
    });
    const client = fastClient(portal.url, { auth: clientOf(identity), clock }, { retries: 0 });
    await client.readProduct(provider);
    valid = 'Bearer token-number-2';
    state.nowMs += 60_000;
    expect(await client.readProduct(provider)).not.toBeNull();
    expect(identity.seen).toHaveLength(2);
  });

  it('are not renewed again and again while the portal itself is broken', async () => {
    const { state, clock } = standingClock();
    await using identity = await tokenProvider(3600);
    await using portal = await startServer((_, response) => sendJson(response, 500, somethingWentWrong));
    const client = fastClient(portal.url, { auth: clientOf(identity), clock });
    await expect(client.listProducts()).rejects.toMatchObject({ code: 'PORTAL_UNAVAILABLE' });
    expect(identity.seen).toHaveLength(1);
    state.nowMs += 60_000;
    await Promise.allSettled([client.listProducts(), client.readProduct(provider)]);
    expect(identity.seen).toHaveLength(2);
  });

  it('are renewed once in a call, however long its tries take', async () => {
    const { state, clock } = standingClock();
    await using identity = await tokenProvider(3600);
    await using portal = await startServer((_, response) => {
      state.nowMs += 20_000;
      sendJson(response, 500, somethingWentWrong);
    });
    const client = fastClient(portal.url, { auth: clientOf(identity), clock });
    await expect(client.listProducts()).rejects.toMatchObject({ code: 'PORTAL_UNAVAILABLE' });
    expect(identity.seen).toHaveLength(2);
    expect(portal.seen).toHaveLength(4);
  });

  it('are registered for redaction when they are born, and forgotten when no request can hold them', async () => {
    const { state, clock } = standingClock();
    const secrets = new Set<string>();
    await using identity = await tokenProvider(3600);
    await using portal = await startServer(listing);
    const client = fastClient(portal.url, {
      auth: clientOf(identity),
      clock,
      registerSecret: (value) => secrets.add(value),
      forgetSecret: (value) => secrets.delete(value),
    });
    for (let round = 0; round < 3; round += 1) {
      await client.listProducts();
      state.nowMs += 3600_000;
    }
    expect([...secrets]).toEqual([clientSecret, 'token-number-2', 'token-number-3']);
  });
});

describe('an identity provider that fails', () => {
  it.each<[string, Responder, string]>([
    ['401', (_, response) => sendJson(response, 401, { error: 'invalid_client' }), 'PORTAL_DENIED'],
    ['400', (_, response) => sendJson(response, 400, { error: 'invalid_scope' }), 'PORTAL_DENIED'],
    ['503', (_, response) => sendJson(response, 503, {}), 'PORTAL_UNAVAILABLE'],
    ['a closed connection', (_, response) => response.destroy(), 'PORTAL_UNAVAILABLE'],
    ['no token', (_, response) => sendJson(response, 200, { token_type: 'Bearer' }), 'PORTAL_CONTRACT'],
    ['HTML', (_, response) => response.end('<html>'), 'PORTAL_CONTRACT'],
    [
      'a token that fits into no header',
      (_, response) => sendJson(response, 200, { access_token: 'a\nb' }),
      'PORTAL_CONTRACT',
    ],
    ['a redirect', (_, response) => response.writeHead(302, { location: '/' }).end(), 'PORTAL_CONTRACT'],
  ])('with %s makes the error that fits, and nothing is sent to the portal', async (_, respond, code) => {
    await using identity = await startServer(respond);
    await using portal = await startServer(listing);
    await expect(fastClient(portal.url, { auth: clientOf(identity) }).listProducts()).rejects.toMatchObject({
      code,
    });
    expect(identity.seen).toHaveLength(code === 'PORTAL_UNAVAILABLE' ? 3 : 1);
    expect(portal.seen).toEqual([]);
  });

  it('for a moment is asked again', async () => {
    let asked = 0;
    await using identity = await startServer((_, response) => {
      asked += 1;
      if (asked === 1) sendJson(response, 503, {});
      else sendJson(response, 200, { access_token: 'a-token', expires_in: '300' });
    });
    await using portal = await startServer(listing);
    expect(
      (await fastClient(portal.url, { auth: clientOf(identity) }).listProducts()).length,
    ).toBeGreaterThan(0);
  });
});
