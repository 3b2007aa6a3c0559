/** What goes on while parts are replaced: replicas one by one, and the database under all of them. */
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { sendHint } from '../support/hints.ts';
import { worksAlone } from '../support/inventory.ts';
import { eventually } from '../support/world.ts';
import { converges, Deadline } from './deadline.ts';
import { overlaps, setReplicas } from './replicas.ts';
import { acknowledgedAreStored } from './rows.ts';

/** As a load balancer knows it: asked every now and then. */
async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/accepting`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Webhooks without a pause, each to one replica that was ready when last asked; nothing is sent twice. */
function sendOn(secret: string, product: string, ready: ReadonlySet<string>) {
  const acknowledged: string[] = [];
  let refused = 0;
  let going = true;
  const one = async () => {
    for (let number = 0; going; number += 1) {
      const urls = [...ready];
      const delivery = await sendHint(urls[number % urls.length] ?? '', secret, product);
      if (delivery === null) refused += 1;
      else acknowledged.push(delivery);
    }
  };
  const sending = Promise.all([one(), one(), one()]);
  return async () => {
    going = false;
    await sending;
    return { acknowledged, refused };
  };
}

test('a rolling restart refuses no webhook: readiness goes first, then listening', async () => {
  await using estate = await setReplicas({ PROV_SHUTDOWN_DELAY: '2s' });
  const product = await new PortalUser(estate.portal.url).createProduct('rolled', 'rolled');
  const ready = new Set<string>();
  const join = async () => {
    const daemon = estate.start();
    const url = await daemon.url();
    await eventually('readiness', () => isReady(url));
    ready.add(url);
    return { daemon, url };
  };
  const leave = async ({ daemon, url }: { readonly daemon: DaemonProcess; readonly url: string }) => {
    const ended = daemon.stop();
    await eventually('readiness to go', async () => !(await isReady(url)));
    ready.delete(url);
    expect(await ended).toBe(0);
  };
  const old = await Promise.all([join(), join()]);
  const stop = sendOn(estate.secret, product, ready);
  const renewed = [];
  for (const replica of old) {
    renewed.push(await join());
    await leave(replica);
  }
  const { acknowledged, refused } = await stop();
  expect(refused).toBe(0);
  expect(acknowledged.length).toBeGreaterThan(50);
  expect(await acknowledgedAreStored(estate.postgres.url, acknowledged)).toBe(true);
  await eventually('the home', () => worksAlone(estate, 'rolled'));
  expect(overlaps([...old, ...renewed].map(({ daemon }) => daemon))).toEqual([]);
});

test('PostgreSQL that crashes under two replicas at work ends neither, and loses nothing acknowledged', async () => {
  await using estate = await setReplicas({
    PROV_KEY_GRACE: '1s',
    PROV_RESYNC_INTERVAL: '1h',
    PROV_DRIFT_INTERVAL: '0',
  });
  const daemons = [estate.start(), estate.start()];
  const urls = await Promise.all(daemons.map((daemon) => daemon.url()));
  await Promise.all(urls.map((url) => eventually('readiness', () => isReady(url))));
  const user = new PortalUser(estate.portal.url);
  const homes = Array.from({ length: 12 }, (_, number) => `shaken-${number}`);
  const products = await Promise.all(homes.map((home) => user.createProduct(home, home)));
  const acknowledged: string[] = [];
  const hintAll = () =>
    Promise.all(
      products.map(async (product, number) => {
        const taken = () => sendHint(urls[number % urls.length] ?? '', estate.secret, product);
        acknowledged.push(await eventually('an acknowledgement', taken, 30_000));
      }),
    );
  for (let round = 0; round < 2; round += 1) {
    await hintAll();
    await estate.postgres.restart();
  }
  await converges(estate, homes, new Deadline());
  expect(await acknowledgedAreStored(estate.postgres.url, acknowledged)).toBe(true);
  expect(await Promise.all(urls.map(isReady))).toEqual([true, true]);
  expect(overlaps(daemons)).toEqual([]);
});
