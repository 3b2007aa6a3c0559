import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import express from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGuard } from '../../../src/auth/guard.ts';
import { noteKey } from '../../../src/auth/key-book.ts';
import { makeApiKey } from '../../../src/auth/key-text.ts';
import { createLoginRouter } from '../../../src/auth/login-router.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Redactor } from '../../../src/telemetry/redact.ts';
import { type Books, openBooks } from '../../support/books.ts';
import { CookieJar } from '../../support/cookie-jar.ts';

const hourMs = 3_600_000;
const start = new Date('2026-01-01T12:00:00Z');
let books: Books;
let now = start;
const servers: Server[] = [];

beforeAll(async () => {
  books = await openBooks();
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await books[Symbol.asyncDispose]();
});

/** What asks who somebody is, with logins of at most 12 hours. */
async function serve(adminKey: string, db = books.db): Promise<string> {
  const cookies = { secret: 'a-session-secret-of-this-test-0123456789', secure: false };
  const common = { db, cookies, publicHost: undefined, clock: () => now };
  const guard = createGuard({ ...common, adminKey, oidc: false, loopback: true, controlFolder: tmpdir() });
  const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });
  const app = express();
  app.use(createLoginRouter({ ...common, guard, oidc: null, lifetimeMs: 12 * hourMs, log }));
  const server = app.listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function logIn(url: string, key: string) {
  const jar = new CookieJar();
  const { headers } = await jar.post(`${url}/auth/key`, { key, return: '/console' });
  return { cookie: jar.cookiesOf(url), set: headers.get('set-cookie') ?? '' };
}

const statusOf = async (url: string, cookie: string) =>
  (await fetch(`${url}/auth/token`, { headers: { cookie } })).status;

it('a login ends with the key that it was made with, however long logins may last', async () => {
  now = start;
  const url = await serve('an-admin-key-of-this-test-0123456789');
  const expiresAt = new Date(start.getTime() + hourMs);
  const { text, record } = makeApiKey({ name: 'ci', role: 'viewer', expiresAt }, 'anna', start);
  await noteKey(books.db, record, 'anna');
  const { cookie, set } = await logIn(url, text);
  expect(set).toContain('Max-Age=3600;');
  expect(await statusOf(url, cookie)).toBe(200);
  now = new Date(expiresAt.getTime() + 1000);
  expect(await statusOf(url, cookie)).toBe(401);
});

it('a login made with the key of the settings ends when another is set', async () => {
  now = start;
  const url = await serve('the-first-admin-key-0123456789');
  const { cookie } = await logIn(url, 'the-first-admin-key-0123456789');
  expect(await statusOf(url, cookie)).toBe(200);
  expect(await statusOf(await serve('the-first-admin-key-0123456789'), cookie)).toBe(200);
  expect(await statusOf(await serve('another-admin-key-0123456789'), cookie)).toBe(401);
});

it('while the database is away a browser gets the login page with words for it, and the way back', async () => {
  const away = await openBooks();
  const url = await serve('the-first-admin-key-0123456789', away.db);
  await away[Symbol.asyncDispose]();
  const form = { key: 'the-first-admin-key-0123456789', return: '/console/runs' };
  const answer = await new CookieJar().post(`${url}/auth/key`, form, { accept: 'text/html,*/*;q=0.8' });
  expect(answer.status).toBe(500);
  expect(answer.headers.get('content-type')).toContain('text/html');
  expect(answer.text).toContain('most often the database is away');
  expect(answer.text).toContain('name="return" value="/console/runs"');
  expect(answer.headers.get('set-cookie')).toBeNull();
});

it('a form that can not be read is refused on the login page, with its status', async () => {
  const url = await serve('the-first-admin-key-0123456789');
  const form = { key: 'x'.repeat(9000), return: '/console' };
  const answer = await new CookieJar().post(`${url}/auth/key`, form, { accept: 'text/html' });
  expect([answer.status, answer.text]).toEqual([413, expect.stringContaining('This form can not be read.')]);
});
