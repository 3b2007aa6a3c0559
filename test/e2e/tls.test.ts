/** Portal and store behind TLS with a certificate of the platform's own authority. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { runDaemon } from '../support/daemon-process.ts';
import { createWorld, eventually } from '../support/world.ts';

const run = promisify(execFile);

test('a daemon trusts the authority it is given, for store and portal alike; without it, it is not ready and says why', async () => {
  await using world = await createWorld();
  await world.daemon()[Symbol.asyncDispose]();
  const authority = await makeAuthority(world.folder);
  await using store = await behindTls(world.store.endpoint, authority);
  await using portal = await behindTls(world.portal.url, authority);
  const environment = {
    ...world.environment,
    S3_ENDPOINT: store.url,
    PROV_DPP_API_URL: portal.url,
    PROV_PORT: '0',
  };

  await using trusting = runDaemon([], { ...environment, PROV_CA_FILE: authority.certificate });
  const url = await trusting.url();
  await eventually('it to be ready', async () => (await fetch(`${url}/health/ready`)).status === 200);
  expect(await trusting.stop()).toBe(0);

  await using doubting = runDaemon([], environment);
  const report = await (await fetch(`${await doubting.url()}/health/ready`)).json();
  expect(report).toMatchObject({ ready: false, dependencies: { store: { code: 'STORE_UNAVAILABLE' } } });
  expect(await doubting.stop()).toBe(0);
});

test('plain http to a host outside the local network stops the start, unless it is allowed', async () => {
  const settings = { PROV_DPP_API_URL: 'http://portal.example.com', S3_ENDPOINT: 'http://s3.example.com' };
  const others = { S3_ACCESS_KEY: 'admin', S3_SECRET_KEY: 'secret', WEBHOOK_SECRET: 'secret' };
  await using daemon = runDaemon(['serve'], { ...settings, ...others });
  expect(await daemon.ended).toBe(2);
  expect(daemon.output()).toMatch(/PROV_DPP_API_URL .*https:\/\/, or set PROV_ALLOW_HTTP=true/);
  expect(daemon.output()).toMatch(/S3_ENDPOINT .*https:\/\//);
});

interface Authority {
  readonly certificate: string;
  readonly key: string;
}

/** A self-signed certificate for `localhost`, which is its own authority. */
async function makeAuthority(folder: string): Promise<Authority> {
  const [certificate, key] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate];
  await run('openssl', ['req', ...made, ...names]);
  return { certificate, key };
}

async function behindTls(
  target: string,
  authority: Authority,
): Promise<AsyncDisposable & { readonly url: string }> {
  const [cert, key] = await Promise.all([readFile(authority.certificate), readFile(authority.key)]);
  const { hostname, port } = new URL(target);
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const passed = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.once('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
