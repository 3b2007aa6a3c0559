/** Portal and store behind TLS with a certificate of the platform's own authority. */
import { expect, test } from 'vitest';
import { runDaemon } from '../support/daemon-process.ts';
import { behindTls, makeAuthority } from '../support/tls.ts';
import { createWorld, eventually } from '../support/world.ts';

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
