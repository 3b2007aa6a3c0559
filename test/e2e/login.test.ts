/** People log in: with a real OpenID provider, or with a key; what a page elsewhere tries comes to nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CookieJar, type Visit } from '../support/cookie-jar.ts';
import { type OidcServer, startOidcProvider } from '../support/oidc-provider.ts';
import { createWorld, type World } from '../support/world.ts';

const adminKey = 'an-admin-key-of-this-test-0123456789';
let world: World;
let provider: OidcServer;
let url: string;

beforeAll(async () => {
  world = await createWorld();
  url = world.daemon().url;
  provider = await startOidcProvider(`${url}/auth/callback`, {
    anna: { email: 'anna@example.com', email_verified: true, roles: ['staff', 'provisioner-operator'] },
    mallory: { email: 'anna@example.com', email_verified: false, roles: 'provisioner-viewer' },
    guest: { email: 'guest@example.com', roles: ['staff'] },
    eve: { preferred_username: 'key:settings', roles: 'provisioner-viewer' },
  });
  await world.restart({
    PROV_PORT: new URL(url).port,
    PROV_PUBLIC_URL: url,
    PROV_ADMIN_KEY: adminKey,
    PROV_SESSION_SECRET: 'a-session-secret-of-this-test-0123456789',
    PROV_OIDC_ISSUER: provider.issuer,
    PROV_OIDC_CLIENT_ID: provider.client.id,
    PROV_OIDC_CLIENT_SECRET: provider.client.secret,
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

/** Logs in at the provider and stops before the browser comes back to us. */
async function atProvider(jar: CookieJar, person: string, returnTo = '/console'): Promise<string> {
  const back = `${url}/auth/callback`;
  let page = await jar.follow(
    await jar.get(`${url}/auth/start?return=${encodeURIComponent(returnTo)}`),
    back,
  );
  for (const form of [{ prompt: 'login', login: person, password: 'any' }, { prompt: 'consent' }]) {
    const action = /action="(?<action>[^"]+)"/.exec(page.text)?.groups?.action ?? '';
    page = await jar.follow(await jar.post(new URL(action, page.url).href, form), back);
  }
  return page.location ?? `the provider stopped: ${page.text}`;
}

const logIn = async (jar: CookieJar, person: string, returnTo?: string): Promise<Visit> =>
  jar.get(await atProvider(jar, person, returnTo));
const logInWithKey = (jar: CookieJar, headers: Record<string, string> = {}, returnTo = '/console') =>
  jar.post(`${url}/auth/key`, { key: adminKey, return: returnTo }, headers);
const me = async (jar: CookieJar) => jar.get(`${url}/api/v1/me`);

describe('a login with a provider', () => {
  it('gives the role of the claim and the checked address as name, and leads to where one wanted to go', async () => {
    const jar = new CookieJar();
    const back = await logIn(jar, 'anna', '/console/products?search=a');
    expect([back.status, back.location]).toEqual([303, `${url}/console/products?search=a`]);
    expect(JSON.parse((await me(jar)).text)).toEqual({
      name: 'anna@example.com',
      role: 'operator',
      by: 'login',
    });
  });

  it('does not call somebody by an address that was never checked', async () => {
    const jar = new CookieJar();
    await logIn(jar, 'mallory');
    expect(JSON.parse((await me(jar)).text)).toEqual({ name: 'mallory', role: 'viewer', by: 'login' });
  });

  it('does not take the name of a key from the provider', async () => {
    const jar = new CookieJar();
    await logIn(jar, 'eve');
    expect(JSON.parse((await me(jar)).text)).toMatchObject({ name: 'oidc:key:settings', by: 'login' });
  });

  it('lets nobody in without a role, and says so', async () => {
    const jar = new CookieJar();
    const back = await logIn(jar, 'guest');
    expect([back.status, back.text]).toEqual([403, expect.stringContaining('no role was given to you')]);
    expect((await me(jar)).status).toBe(401);
  });

  it('counts once, in the browser that began it, and with the state that it began with', async () => {
    const jar = new CookieJar();
    const callback = await atProvider(jar, 'anna');
    expect((await new CookieJar().get(callback)).status).toBe(400);
    const forged = new URL(callback);
    forged.searchParams.set('state', 'another');
    expect((await jar.get(forged.href)).status).toBe(401);
    expect((await jar.get(callback)).status).toBe(400);
  });

  it('asks with PKCE, state and nonce, and for a way back to us alone', async () => {
    const { location, headers } = await new CookieJar().get(`${url}/auth/start`, { host: 'evil.example' });
    const asked = new URL(location ?? '').searchParams;
    expect(asked.get('redirect_uri')).toBe(`${url}/auth/callback`);
    expect(asked.get('code_challenge_method')).toBe('S256');
    for (const name of ['code_challenge', 'state', 'nonce'])
      expect(asked.get(name), name).toMatch(/^[\w-]{43}$/);
    expect(headers.getSetCookie()[0]).toMatch(/Path=\/auth; HttpOnly; SameSite=Lax$/);
  });
});

describe('a login with a key', () => {
  it('gives a signed cookie that scripts can not read, and no page elsewhere sends along with a form', async () => {
    const jar = new CookieJar();
    const answer = await logInWithKey(jar);
    expect(answer.status).toBe(303);
    expect(answer.headers.getSetCookie().join()).toMatch(
      /^provisioner-login=[\w-]{43}\.[\w-]{43}; Max-Age=28800; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(JSON.parse((await me(jar)).text)).toMatchObject({ role: 'admin', by: 'login' });
  });

  it('with a wrong key is refused, and says nothing of the key', async () => {
    const answer = await new CookieJar().post(`${url}/auth/key`, {
      key: 'wrong<script>',
      return: '/console',
    });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []]);
    expect(answer.text).not.toContain('wrong');
  });

  it('sent from a page elsewhere is refused', async () => {
    const answer = await logInWithKey(new CookieJar(), { origin: 'https://evil.example' });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/x/..//evil.example',
    'javascript:alert(1)',
    '/console\r\nset-cookie: a=b',
    '/\t/evil.example',
  ])('never leads elsewhere nor adds a header: %j', async (returnTo) => {
    const answer = await logInWithKey(new CookieJar(), {}, returnTo);
    expect(new URL(answer.location ?? '').origin).toBe(url);
    expect(answer.headers.getSetCookie()).toHaveLength(1);
    const page = await new CookieJar().get(`${url}/auth/login?return=${encodeURIComponent(returnTo)}`);
    expect(page.text).not.toContain('evil.example');
  });

  it('ends with the logout, also for who kept the cookie', async () => {
    const jar = new CookieJar();
    await logInWithKey(jar);
    const kept = jar.cookiesOf(url);
    const token = await csrfTokenOf(jar);
    const forged = await jar.post(`${url}/auth/logout`, { csrf: 'guessed' });
    expect([forged.status, (await me(jar)).status]).toEqual([403, 200]);
    expect((await jar.post(`${url}/auth/logout`, { csrf: token })).location).toBe(`${url}/auth/login`);
    expect((await new CookieJar().get(`${url}/api/v1/me`, { cookie: kept })).status).toBe(401);
  });

  it('with a changed cookie is none', async () => {
    const jar = new CookieJar();
    await logInWithKey(jar);
    const [name = '', value = ''] = jar.cookiesOf(url).split('=');
    const [id = ''] = value.split('.');
    for (const forged of [id, `${id}.${'A'.repeat(43)}`, `x${value}`, '', '.', 'a.b.c'])
      expect(
        (await new CookieJar().get(`${url}/api/v1/me`, { cookie: `${name}=${forged}` })).status,
        forged,
      ).toBe(401);
  });
});

/** The token of a login, as the API tells it to scripts of our own pages. */
async function csrfTokenOf(jar: CookieJar): Promise<string> {
  return String(JSON.parse((await jar.get(`${url}/auth/token`)).text).csrf);
}

describe('a write with a cookie', () => {
  it.each([
    ['no token', {}],
    ['a guessed token', { 'x-csrf-token': 'A'.repeat(43) }],
  ])('with %s is refused', async (_what, headers) => {
    const jar = new CookieJar();
    await logInWithKey(jar);
    const answer = await jar.post(`${url}/api/v1/pause`, {}, headers);
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([403, 'CSRF']);
  });

  it('with the token of another login, or from a page elsewhere, is refused; with its own it counts', async () => {
    const [jar, other] = [new CookieJar(), new CookieJar()];
    await logInWithKey(jar);
    await logInWithKey(other);
    const own = { 'x-csrf-token': await csrfTokenOf(jar) };
    const refused = [
      { 'x-csrf-token': await csrfTokenOf(other) },
      { ...own, origin: 'https://evil.example' },
      { ...own, origin: 'null' },
      { ...own, 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of refused) {
      const answer = await jar.post(`${url}/api/v1/reconcile`, {}, headers);
      expect([answer.status, JSON.parse(answer.text).code], JSON.stringify(headers)).toEqual([403, 'CSRF']);
    }
    expect((await jar.post(`${url}/api/v1/reconcile`, {}, { ...own, origin: url })).status).toBe(202);
  });
});

describe('the login page', () => {
  it('works without scripts and shows nothing of elsewhere', async () => {
    const { text, headers } = await new CookieJar().get(
      `${url}/auth/login?return=%2Fconsole%2F%22%3E%3Cb%3E`,
    );
    expect(text).not.toMatch(/<script|<b>/);
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
    expect((await new CookieJar().get(`${url}/auth/login.css`)).headers.get('content-type')).toContain(
      'text/css',
    );
  });

  it('takes at most 20 failed attempts a minute from one address', async () => {
    let last: Visit | undefined;
    for (let attempt = 0; attempt < 21; attempt += 1)
      last = await new CookieJar().post(`${url}/auth/key`, { key: 'wrong' });
    expect([last?.status, last?.text]).toEqual([429, expect.stringContaining('Too many attempts')]);
  });
});
