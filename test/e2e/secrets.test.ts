/** No secret leaves the two places that it belongs to: the store, and the workspace's `.env`. */
import { execFile } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { filesHolding, Needles, repositoriesHolding, tablesHolding } from '../support/leaks.ts';
import { entriesOf } from '../support/s3-as.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

const run = promisify(execFile);
const random = () => randomBytes(24).toString('base64');

/** What we are given: all of it is secret, and none of it may be seen again. */
const given = {
  PORTAL_API_KEY: random(),
  WEBHOOK_V2_SECRET: `whsec_${random()}`,
};

test('no secret of a life with failures stands in the log, a page, an answer, the database, a repository, or a file other than .env', async () => {
  await using world = await createWorld({ ...given, PROV_KEY_GRACE: '1s', PROV_BRAKE_MINIMUM: '1000' });
  const secrets = [...Object.values(given), world.secret, world.store.secretKey, ...(await live(world))];
  const needles = new Needles(secrets);
  await fail(world);
  const answers = [...(await visitPages(world)), ...(await refusals(world))];
  expect(answers.filter(({ text }) => needles.in(text))).toEqual([]);
  expect(world.lines.filter((line) => needles.in(line))).toEqual([]);
  expect(world.lines.some((line) => line.includes('"level":"error"'))).toBe(true);

  await world.daemon()[Symbol.asyncDispose]();
  const { holding, rows } = await tablesHolding(needles, join(world.folder, 'data'));
  expect(holding).toEqual([]);
  expect(rows).toBeGreaterThan(20);
  expect(await repositoriesHolding(needles, world.folder)).toEqual([]);
  // The key in use is found where it belongs, so the search finds what is there; an archived workspace has none.
  const files = await filesHolding(needles, world.folder);
  expect(files).toEqual([join(world.folder, 'products', 'consumer', '.env')]);
});

/** Home, access, its end, and the end of a product. Gives the secret of every key that was handed over. */
async function live(world: World): Promise<string[]> {
  const user = new PortalUser(world.portal.url);
  const env = (home: string, wanted: (text: string) => boolean = () => true) =>
    eventually(`the expected .env of ${home}`, async () => {
      const text = await world.workspaceFile(home, '.env');
      return text !== null && wanted(text) ? text : null;
    });
  const producer = await user.createProduct('Producer', 'producer');
  const consumer = await user.createProduct('Consumer', 'consumer');
  const port = await user.createPort(producer, 'port');
  const envs = [await env('producer'), await env('consumer')];
  await user.requestAccess(consumer, port);
  await user.decide(producer, port, consumer, 'approve');
  envs.push(await env('consumer', (text) => text.includes('/producer/output/')));
  await user.decide(producer, port, consumer, 'revoke');
  envs.push(await env('consumer', (text) => !text.includes('/producer/output/')));
  await user.delete(producer);
  await eventually('its end', async () => !(await user.exists(producer)));
  const made = envs.map((text) => entriesOf(text).S3_SECRET_KEY ?? '');
  expect(new Set(made).size).toBe(4);
  return made;
}

/** Runs that fail, so that errors are logged, recorded and shown: a store that refuses us, a portal that is away. */
async function fail(world: World): Promise<void> {
  const errors = () => world.lines.filter((line) => line.includes('"level":"error"')).length;
  await world.restart({ S3_ACCESS_KEY: 'AKIANOBODY0000000000' });
  await eventually('an error of the store', () => errors() > 0, 60_000);
  const before = errors();
  await world.restart({ PROV_DPP_API_URL: 'http://127.0.0.1:9' });
  await eventually('an error of the portal', () => errors() > before, 60_000);
  await world.restart();
}

interface Answer {
  readonly asked: string;
  readonly text: string;
}

/** Body and headers. */
async function ask(asked: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(asked, init);
  return { asked, text: `${JSON.stringify([...response.headers])}\n${await response.text()}` };
}

async function visitPages(world: World): Promise<Answer[]> {
  const { url } = world.daemon();
  await eventually('readiness', async () => (await fetch(`${url}/health/ready`)).ok, 30_000);
  const own = ['/', '/health', '/health/live', '/health/ready', '/metrics', '/nothing-here'];
  const portals = ['/', '/simulator', '/api/v2/data_products'];
  const answers = await Promise.all([
    ...own.map((path) => ask(`${url}${path}`)),
    ...portals.map((path) => ask(`${world.portal.url}${path}`)),
  ]);
  const led = await follow(url, ['/console', ...(await apiPaths(url))]);
  expect(led.filter(({ asked }) => asked.startsWith(`${url}/console/products/`)).length).toBeGreaterThan(1);
  expect(led.filter(({ asked }) => asked.startsWith(`${url}/api/v1/runs/`)).length).toBeGreaterThan(1);
  return [...answers, ...led];
}

/** Lists of the API; what they name is followed from there. */
async function apiPaths(url: string): Promise<string[]> {
  const { paths } = (await (await fetch(`${url}/api/v1/openapi.json`)).json()) as { paths: object };
  const lists = Object.entries(paths).filter(([path, methods]) => 'get' in methods && !path.includes('{'));
  return lists.map(([path]) => `/api/v1${path.replace(/^\/api\/v1/, '')}`);
}

/** Every page and part of a page of ours that the first ones lead to, and each thing that an answer of the API names. */
async function follow(url: string, first: readonly string[]): Promise<Answer[]> {
  const seen = new Set(first);
  const answers: Answer[] = [];
  for (const path of seen) {
    // One that never ends.
    if (path.startsWith('/console/events')) continue;
    const answer = await ask(`${url}${path}`);
    answers.push(answer);
    const links = [...answer.text.matchAll(/(?:href|hx-get|src)="(\/(?:console|api)[^"#]*)"/g)];
    for (const [, link = ''] of links) seen.add(link.replaceAll('&amp;', '&'));
    const list = /^\/api\/v1\/(products|runs|deliveries)$/.exec(path)?.[1];
    if (list === undefined) continue;
    for (const [, id] of answer.text.matchAll(/"id":"([0-9a-f-]{36})"/g)) seen.add(`/api/v1/${list}/${id}`);
  }
  return answers;
}

/** Senders that put a right secret in a wrong place, or sign what is no JSON, get nothing of it back. */
async function refusals(world: World): Promise<Answer[]> {
  const { url } = world.daemon();
  const token = world.environment.WEBHOOK_V2_TOKEN ?? '';
  const json = { 'content-type': 'application/json' };
  const broken = `{"secret": "${world.secret}"`;
  const sign = createHmac('sha512', world.secret).update(broken).digest('hex');
  const post = (path: string, headers: Record<string, string>, body: string) =>
    ask(`${url}${path}`, { method: 'POST', headers, body });
  return Promise.all([
    post(`/webhooks/v2?token=${token}x`, json, '{}'),
    post(`/webhooks/v3?token=${token}`, json, '{}'),
    post('/webhooks/v2', { ...json, authorization: `Basic ${token}` }, '{}'),
    post('/webhooks/v2', { ...json, authorization: `Bearer ${token}` }, broken),
    post('/', { ...json, sign: world.secret }, '{}'),
    post('/', { ...json, sign }, broken),
    post('/', { 'content-type': `text/${world.secret}` }, '{}'),
    post('/', { ...json, sign: 'x' }, JSON.stringify({ [world.secret]: 'x'.repeat(1024 * 1024) })),
  ]);
}

test('settings that are wrong are named, not repeated', async () => {
  const secrets = Array.from({ length: 5 }, random);
  const [store = '', webhook = '', token = '', portal = '', port = ''] = secrets;
  const env = {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    PROV_DPP_API_URL: `not a url ${portal}`,
    S3_ENDPOINT: `ftp://admin:${encodeURIComponent(store)}@s3`,
    S3_SECRET_KEY: `${store} with blanks`,
    WEBHOOK_SECRET: webhook,
    WEBHOOK_V2_SECRET: token,
    PROV_PORT: port,
  };
  const failed = await run(process.execPath, ['src/main.js', 'serve'], { env }).catch(
    (error: unknown) => error,
  );
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('PROV_PORT') });
  expect(new Needles(secrets).in(JSON.stringify(failed))).toBe(false);
});

describe('the search finds a secret', () => {
  const secret = 'a+very/secret=value"of a test';
  const needles = new Needles([secret]);

  test.each([
    ['as it is', `key=${secret};`],
    ['in a URL', `http://x/?token=${encodeURIComponent(secret)}`],
    ['in JSON', JSON.stringify({ key: secret })],
    ['in base64', `data:${Buffer.from(`${secret} and more`).toString('base64')}`],
  ])('%s', (_where, text) => expect(needles.in(text)).toBe(true));

  test('in a repository whose commit with it was replaced and whose file is gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'provisioner-leak-'));
    const who = ['-c', 'user.name=T', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
    const git = (...args: string[]) => run('git', [...who, ...args], { cwd: folder });
    await git('init', '--quiet');
    await writeFile(join(folder, '.env'), secret);
    await git('add', '.env');
    await git('commit', '--quiet', '--message', 'first');
    await git('rm', '--quiet', '.env');
    await git('commit', '--quiet', '--amend', '--allow-empty', '--message', 'replaced');
    expect(await filesHolding(needles, folder)).toEqual([]);
    expect(await repositoriesHolding(needles, folder)).toEqual([join(folder, '.git')]);
    await rm(folder, { recursive: true });
  });
});
