/** A database that is there and does not answer: a network that swallows everything, and tells nobody. */
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { runDaemon } from '../support/daemon-process.ts';
import { sendHint } from '../support/hints.ts';
import { worksAlone } from '../support/inventory.ts';
import { startPostgres } from '../support/postgres.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { eventually, setStage, startStore } from '../support/world.ts';
import { converges, Deadline } from './deadline.ts';
import { acknowledgedAreStored } from './rows.ts';

test('a database that swallows what it is asked holds no webhook: 503 within seconds, and all goes on when it answers', async () => {
  await using postgres = await startPostgres();
  await using network = await startTcpProxy(Number(new URL(postgres.url).port));
  const address = new URL(postgres.url);
  address.port = String(network.port);
  await using stage = await setStage(startStore, { PROV_DATABASE_URL: address.href, PROV_KEY_GRACE: '1s' });
  await using daemon = runDaemon(['serve'], stage.environment);
  const url = await daemon.url();
  const user = new PortalUser(stage.portal.url);
  const product = await user.createProduct('before', 'before');
  const acknowledged = [await eventually('an acknowledgement', () => sendHint(url, stage.secret, product))];
  await eventually('a home', () => worksAlone(stage, 'before'));

  network.freeze();
  const other = await user.createProduct('during', 'during');
  const asked = performance.now();
  const statuses = await Promise.all(
    [1, 2, 3].map(async () => {
      const response = await fetch(`${url}/webhooks/v2?token=token-${stage.secret}`, {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents+json' },
        body: '{"specversion":"1.0","id":"1","source":"x","type":"data_product.event","data":{}}',
      });
      return response.status;
    }),
  );
  expect(statuses).toEqual([503, 503, 503]);
  // The portal itself hangs up after five seconds.
  expect(performance.now() - asked).toBeLessThan(12_000);
  expect((await fetch(`${url}/health/accepting`)).status).toBe(503);

  network.thaw();
  const deadline = new Deadline();
  acknowledged.push(await deadline.soon('an acknowledgement', () => sendHint(url, stage.secret, other)));
  await converges(stage, ['before', 'during'], deadline);
  expect(await acknowledgedAreStored(postgres.url, acknowledged)).toBe(true);
});
