/** The daemon as a process: how it starts, complains and stops. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { runDaemon } from '../support/daemon-process.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { sendHint } from '../support/hints.ts';
import { createWorld, eventually } from '../support/world.ts';

test('wrong settings stop the start with one message that lists them all', async () => {
  const { ended, output } = runDaemon(['serve'], { S3_ENDPOINT: 'nonsense' });
  expect(await ended).toBe(2);
  for (const variable of ['PROV_DPP_API_URL', 'S3_ENDPOINT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'])
    expect(output()).toContain(variable);
});

test('a .env of the working directory is read in development, never in production, and what is set goes before it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-dotenv-'));
  await writeFile(join(folder, '.env'), 'S3_ENDPOINT=nonsense\nPROV_PORT=many\n');
  const faults = async (env: Record<string, string>) => {
    const words = [resolve('src/main.js'), 'serve'];
    const started = { env: { PATH: process.env.PATH ?? '', ...env }, cwd: folder };
    const failed = await promisify(execFile)(process.execPath, words, started).catch(
      (error: unknown) => error,
    );
    return String((failed as { stderr?: string }).stderr);
  };
  const developing = await faults({ PROV_PORT: '80' });
  expect(developing).toMatch(/S3_ENDPOINT +must be an http/);
  expect(developing).not.toContain('PROV_PORT');
  expect(await faults({ NODE_ENV: 'production' })).toMatch(/S3_ENDPOINT +is missing/);
  await rm(folder, { recursive: true });
});

test('an unknown command is answered with the usage', async () => {
  const { ended, output } = runDaemon(['dance'], {});
  expect(await ended).toBe(2);
  expect(output()).toContain('Usage: provisioner');
});

test('it starts while portal and store are away: live, not ready; SIGTERM ends it within 10 s', async () => {
  await using world = await createWorld();
  await world.daemon()[Symbol.asyncDispose]();
  const environment = {
    ...world.environment,
    PROV_DPP_API_URL: 'http://127.0.0.1:9',
    S3_ENDPOINT: 'http://127.0.0.1:9',
    PROV_PORT: '0',
  };
  await using daemon = runDaemon([], environment);
  const url = await daemon.url();
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  expect((await fetch(`${url}/health/accepting`)).status).toBe(200);
  expect((await fetch(`${url}/health/ready`)).status).toBe(503);
  expect(await (await fetch(url)).json()).toMatchObject({ name: 'data-product-provisioner' });
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('provisioner_jobs');
  const asked = performance.now();
  expect(await daemon.stop()).toBe(0);
  expect(performance.now() - asked).toBeLessThan(10_000);
});

test('a store that never answers and a caller that never ends do not hold it: SIGTERM ends it within 10 s', async () => {
  await using world = await createWorld();
  await world.daemon()[Symbol.asyncDispose]();
  await using proxy = await startFaultProxy(world.store.endpoint);
  proxy.fail(() => ({ kind: 'hang' }));
  await using daemon = runDaemon([], { ...world.environment, S3_ENDPOINT: proxy.url, PROV_PORT: '0' });
  const url = new URL(await daemon.url());
  const caller = connect(Number(url.port), url.hostname);
  caller.on('error', () => undefined);
  caller.write(
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  );
  const product = await new PortalUser(world.portal.url).createProduct('Waiting', 'waiting');
  expect(await sendHint(url.origin, world.secret, product)).not.toBeNull();
  await eventually('a call to the store', () => proxy.seen.length > 0);
  const asked = performance.now();
  expect(await daemon.stop()).toBe(0);
  expect(performance.now() - asked).toBeLessThan(10_000);
  caller.destroy();
});
