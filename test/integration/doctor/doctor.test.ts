/** `provisioner doctor` beside a real world: in order, and with each part broken. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startPortalSimulator } from '../../../demo/portal/simulator.ts';
import { provisioner } from '../../support/command-line.ts';
import { startPostgres } from '../../support/postgres.ts';
import { createWorld, eventually, type World } from '../../support/world.ts';

const Answer = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.object({
      part: z.string(),
      verdict: z.enum(['ok', 'warn', 'fail']),
      seen: z.string(),
      todo: z.string().nullable(),
    }),
  ),
});

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await eventually('readiness', async () => (await fetch(`${world.daemon().url}/health/ready`)).ok, 30_000);
});
afterAll(() => world?.[Symbol.asyncDispose]());

const run = (words: readonly string[], changes: Readonly<Record<string, string>> = {}) =>
  provisioner(['doctor', ...words], { ...world.environment, ...changes });

/** Findings of some parts, as `verdict seen`. */
async function findings(words: readonly string[], changes: Readonly<Record<string, string>> = {}) {
  const { code, out, err } = await run([...words, '--json', '--url', world.daemon().url], changes);
  expect(err).toBe('');
  const answer = Answer.parse(JSON.parse(out));
  const of = (part: string) =>
    answer.findings.filter((each) => each.part === part).map(({ verdict, seen }) => `${verdict} ${seen}`);
  return { code, of, all: answer.findings };
}

const self = `me=${process.getuid?.()}:${process.getgid?.()}`;

describe('in a world that is in order', () => {
  test('nothing fails, and every part says what was seen', async () => {
    const { code, of, all } = await findings(['--editor', self]);
    expect(all.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(code).toBe(0);
    expect(of('portal')).toEqual([
      expect.stringMatching(/^ok version \S+ answers/),
      expect.stringMatching(/^ok it knows us/),
    ]);
    expect(of('identity')).toContain('ok it keeps a throw-away principal to its policy');
    expect(of('templates')).toEqual([expect.stringContaining('sqlmesh')]);
    expect(of('clock')).toEqual([
      'ok the portal’s clock agrees with ours',
      'ok the store’s clock agrees with ours',
    ]);
  });

  test('the embedded database is left to the daemon that has it open, which is asked', async () => {
    const { of } = await findings(['scaffolding', '--no-probe']);
    expect(of('database')).toEqual([
      expect.stringMatching(/is in use by the running daemon, which says that/),
    ]);
    expect(of('products')).toEqual([expect.stringContaining('the daemon counts')]);
    expect((await fetch(`${world.daemon().url}/health/ready`)).status).toBe(200);
  });

  test('people get aligned lines without colour, and an answer to their trouble', async () => {
    const { out, code } = await run(['s3', '--no-probe']);
    expect(code).toBe(0);
    expect(out).toMatch(/^ok {4}store {5}http:\S+ answers and takes our key/m);
    expect(out).toMatch(/^The object store can not be used: /m);
    expect(out).not.toContain('\u001b');
    expect(out).not.toContain('Webhooks do not arrive');
  });
});

describe('when something is broken', () => {
  test('a portal that is away and one that refuses us are told apart, with what to do', async () => {
    const away = await findings(['webhooks'], { PROV_DPP_API_URL: 'http://127.0.0.1:9' });
    expect(away.code).toBe(1);
    expect(away.all.find(({ part }) => part === 'portal')).toMatchObject({
      verdict: 'fail',
      todo: expect.stringContaining('PROV_DPP_API_URL'),
    });
    await using keyed = await startPortalSimulator({ apiKey: 'the-right-key-of-the-portal' });
    const refused = await findings(['webhooks'], {
      PROV_DPP_API_URL: keyed.url,
      PORTAL_API_KEY: 'wrong-key-wrong-key',
    });
    expect(refused.all.filter(({ part }) => part === 'portal')).toEqual([
      expect.objectContaining({ verdict: 'fail', todo: expect.stringContaining('PORTAL_API_KEY') }),
    ]);
  });

  test('refused webhooks are counted, with the reasons that there can be', async () => {
    const body = JSON.stringify({ method: 'POST', path: '/api/v2/data_products', query: '', response: '{}' });
    const headers = { 'content-type': 'application/json', 'x-webhook-signature': 'sha256=00' };
    await fetch(world.daemon().url, { method: 'POST', headers, body });
    const { of, all } = await findings(['webhooks']);
    expect(of('webhooks')).toContainEqual(expect.stringMatching(/^fail \d+ webhooks were refused/));
    expect(all.some(({ todo }) => todo?.includes('WEBHOOK_SECRET differs'))).toBe(true);
  });

  test('a store that is away, and one that does not know our key', async () => {
    const away = await findings(['s3'], { S3_ENDPOINT: 'http://127.0.0.1:9' });
    expect(away.of('store')[0]).toMatch(/^fail /);
    expect(away.of('clock')[1]).toBe('warn the store does not tell the time');
    const denied = await findings(['s3'], { S3_ACCESS_KEY: 'AKIANOBODY0000000000' });
    expect(denied.of('store')[0]).toMatch(/^fail The store refused/);
    expect(denied.all.find(({ part }) => part === 'store')?.todo).toContain('S3_SECRET_KEY');
    expect(JSON.stringify([away.all, denied.all])).not.toContain(world.store.secretKey);
  });

  test('a clock that differs by minutes', async () => {
    await using late = await startServer(new Date(Date.now() - 600_000));
    const { of } = await findings(['s3'], { S3_ENDPOINT: late.url });
    expect(of('clock')[1]).toMatch(/^fail the store’s clock is 6\d\d s behind ours$/);
  });

  test('a template that can not be read', async () => {
    const folder = join(world.folder, 'no-template');
    const { of, code } = await findings(['scaffolding', '--no-probe'], { PROV_TEMPLATE_PATH: folder });
    expect([code, of('templates')]).toEqual([1, [expect.stringMatching(/^fail .*no-template/)]]);
  });

  test('certificates that nobody is asked to check', async () => {
    const { of } = await findings(['s3', '--no-probe'], {
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      NODE_NO_WARNINGS: '1',
    });
    expect(of('tls')[0]).toMatch(/^fail NODE_TLS_REJECT_UNAUTHORIZED=0/);
  });

  test('a database that is marked as open while no daemon answers is not touched', async () => {
    const { out } = await run(['scaffolding', '--no-probe', '--json', '--url', 'http://127.0.0.1:9']);
    const database = Answer.parse(JSON.parse(out)).findings.filter(({ part }) => part === 'database');
    expect(database).toEqual([
      expect.objectContaining({ verdict: 'warn', seen: expect.stringContaining('not looked into') }),
    ]);
  });
});

describe('behind TLS', () => {
  test('a certificate of an authority that nobody knows, and one that ends soon', async () => {
    await using platform = await startTlsServer(world.folder);
    const unknown = await findings(['s3', '--no-probe'], { PROV_DPP_API_URL: platform.url });
    expect(unknown.of('tls')).toContainEqual(
      expect.stringMatching(/^fail PROV_DPP_API_URL: no trusted TLS connection/),
    );
    expect(unknown.all.some(({ part, todo }) => part === 'tls' && todo?.includes('PROV_CA_FILE'))).toBe(true);
    const known = await findings(['s3', '--no-probe'], {
      PROV_DPP_API_URL: platform.url,
      PROV_CA_FILE: platform.certificate,
    });
    expect(known.of('tls')).toContainEqual(
      expect.stringMatching(/^warn PROV_DPP_API_URL: the certificate ends in [12] days$/),
    );
  });
});

describe('a PostgreSQL server', () => {
  test('that is away fails, without its password', async () => {
    const database = 'postgres://provisioner:the-password-of-the-server@127.0.0.1:9/provisioner';
    const { of, all } = await findings(['scaffolding', '--no-probe'], { PROV_DATABASE_URL: database });
    expect(of('database')).toEqual([expect.stringMatching(/^fail it can not be opened: .*ECONNREFUSED/)]);
    expect(JSON.stringify(all)).not.toContain('the-password-of-the-server');
  });

  test('without our tables says which migrations are missing, and none is run', async () => {
    await using server = await startPostgres();
    const look = () => findings(['scaffolding', '--no-probe'], { PROV_DATABASE_URL: server.url });
    for (const { of } of [await look(), await look()])
      expect(of('database')).toEqual([
        expect.stringMatching(/^warn it opens; migrations are missing: 001-initial/),
      ]);
  });
});

describe('what the users of the editors can do with the volume', () => {
  const root = () => join(world.folder, 'volume');
  /** A group that we may give files to, whoever runs this. */
  const gid = process.getgid?.() ?? 0;
  const look = () =>
    findings(['editors', '--editor', `coder=4242:4242,${gid}`], {
      PROV_TEMPLATE_OUTPUT_PATH: root(),
      PROV_WORKSPACE_GID: String(gid),
    });

  async function workspaces(modes: Readonly<Record<string, { folder: number; env: number }>>) {
    await rm(root(), { recursive: true, force: true });
    await mkdir(root());
    await chmod(root(), 0o2775);
    for (const [home, { folder, env }] of Object.entries(modes)) {
      await mkdir(join(root(), home));
      await chmod(join(root(), home), folder);
      await writeFile(join(root(), home, 'README.md'), '');
      await chmod(join(root(), home, 'README.md'), 0o664);
      await writeFile(join(root(), home, '.env'), '');
      await chmod(join(root(), home, '.env'), env);
    }
  }

  test('all is well with the shared group on everything', async () => {
    await workspaces({ sales: { folder: 0o2775, env: 0o640 } });
    const { of } = await look();
    expect(of('volume')).toEqual([
      expect.stringContaining('can be written by us'),
      `ok coder (uid 4242, groups 4242, ${gid}) can open 1 workspaces, read their .env and write`,
    ]);
  });

  test('what is closed to them is named with its mode, and how it is repaired', async () => {
    await workspaces({ sales: { folder: 0o2775, env: 0o600 }, stock: { folder: 0o755, env: 0o640 } });
    const { of, all, code } = await look();
    expect(code).toBe(1);
    expect(of('volume').slice(1)).toEqual([
      expect.stringMatching(/^fail coder .* can not read \.env of sales \(mode 0600, owner \d+:\d+\)$/),
      expect.stringMatching(/^fail coder .* can not write in stock \(mode 0755, owner \d+:\d+\)$/),
    ]);
    expect(all.at(-1)?.todo).toContain(`chgrp -R ${gid}`);
  });

  test('a volume that is not mounted is not made', async () => {
    const { of } = await findings(['editors'], { PROV_TEMPLATE_OUTPUT_PATH: join(world.folder, 'nowhere') });
    expect(of('volume')).toEqual([expect.stringMatching(/^fail there is no folder/)]);
  });
});

test('wrong words and wrong settings end with 2', async () => {
  expect((await run(['dance'])).code).toBe(2);
  expect((await run(['--editor', 'nobody'])).code).toBe(2);
  expect((await run([], { S3_ENDPOINT: 'nonsense' })).code).toBe(2);
});

/** A server with a certificate of its own making that is valid for two days. */
async function startTlsServer(
  folder: string,
): Promise<AsyncDisposable & { url: string; certificate: string }> {
  const [certificate, key] = [join(folder, 'doctor.pem'), join(folder, 'doctor.key')];
  const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  await promisify(execFile)('openssl', ['req', ...made, ...names]);
  const pair = { cert: await readFile(certificate), key: await readFile(key) };
  const server = createTlsServer(pair, (_request, response) => void response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    certificate,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

/** Answers everything with 404 and the given time. */
async function startServer(date: Date): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((_request, response) => {
    response.writeHead(404, { date: date.toUTCString() }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

test('an embedded database that nobody has open is read: products, and the last webhook', async () => {
  await using other = await createWorld();
  await other.daemon()[Symbol.asyncDispose]();
  const { out } = await run(['--no-probe', '--json', '--url', 'http://127.0.0.1:9'], other.environment);
  const seen = Answer.parse(JSON.parse(out)).findings.map(({ part, seen: words }) => `${part}: ${words}`);
  expect(seen).toContain('database: the embedded database opens and its tables are up to date');
  expect(seen).toContain('products: 0 products have a home, none is degraded');
  expect(seen).toContain('webhooks: no webhook was ever taken');
  // It was closed again: the daemon finds it as it was.
  await other.restart();
  expect((await fetch(`${other.daemon().url}/health/live`)).status).toBe(200);
});
