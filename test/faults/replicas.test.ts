/** Several replicas on one PostgreSQL server: who leads, who runs what, and what a death costs. */
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { sendHint } from '../support/hints.ts';
import { exactInventory, worksAlone } from '../support/inventory.ts';
import { eventually } from '../support/world.ts';
import { converges, Deadline } from './deadline.ts';
import { extent } from './extent.ts';
import { linesOf, overlaps, setReplicas, timesSaid } from './replicas.ts';
import { acknowledgedAreStored, isClaimed } from './rows.ts';

const leads = 'leads the timed work';

test('three replicas that race the first migration all start; one leads, and another after its death', async () => {
  await using estate = await setReplicas({ PROV_RESYNC_INTERVAL: '2s', PROV_DRIFT_INTERVAL: '0' });
  const daemons = [estate.start(), estate.start(), estate.start()];
  await Promise.all(daemons.map((daemon) => daemon.url()));
  const leading = () => daemons.filter((daemon) => timesSaid(daemon, leads) > 0);
  const leader = await eventually('a leader', () => leading()[0]);
  await eventually('resyncs', () => timesSaid(leader, 'resync') >= 2);
  expect(leading()).toHaveLength(1);
  const others = daemons.filter((daemon) => daemon !== leader);
  expect(others.map((daemon) => timesSaid(daemon, 'resync'))).toEqual([0, 0]);
  await leader.kill();
  await eventually('another leader', () => others.some((daemon) => timesSaid(daemon, 'resync') > 0), 30_000);
  expect(leading()).toHaveLength(2);
});

test('what a dead replica was at work on is taken over by another within 30 s', async () => {
  await using estate = await setReplicas({ PROV_RESYNC_INTERVAL: '1h', PROV_DRIFT_INTERVAL: '0' });
  await using store = await startFaultProxy(estate.store.endpoint);
  const first = estate.start({ S3_ENDPOINT: store.url });
  const url = await first.url();
  const user = new PortalUser(estate.portal.url);
  await sendHint(url, estate.secret, await user.createProduct('before', 'before'));
  await eventually('a first home', () => worksAlone(estate, 'before'));
  store.fail(() => ({ kind: 'hang' }));
  const orphan = await user.createProduct('orphan', 'orphan');
  await sendHint(url, estate.secret, orphan);
  await eventually('the run to be under way', () => isClaimed(estate.postgres.url, orphan));
  const second = estate.start({ S3_ENDPOINT: store.url });
  await second.url();
  await first.kill();
  const killedAt = Date.now();
  store.fail(null);
  const taken = await eventually('the other’s run', () =>
    // The job itself, not what the resync of a new leader finds.
    linesOf(second).find(({ product, cause, ms }) => product === orphan && cause === 'delivery' && ms),
  );
  expect(Date.parse(taken.timestamp ?? '') - (taken.ms ?? 0) - killedAt).toBeLessThanOrEqual(30_000);
  expect(await worksAlone(estate, 'orphan')).toBe(true);
  await exactInventory(estate, ['before', 'orphan']);
});

test('kill -9 of one of three replicas in a storm of webhooks costs no acknowledged delivery', async () => {
  // Nothing but the webhooks leads to a home here: neither resync nor drift check would find a lost one.
  await using estate = await setReplicas({
    PROV_RESYNC_INTERVAL: '1h',
    PROV_DRIFT_INTERVAL: '0',
    PROV_KEY_GRACE: '1s',
  });
  const daemons = [estate.start(), estate.start(), estate.start()];
  const urls = await Promise.all(daemons.map((daemon) => daemon.url()));
  await eventually('the first resync', () => daemons.some((daemon) => timesSaid(daemon, 'resync') > 0));
  const user = new PortalUser(estate.portal.url);
  const { products: count, webhooks: storm } = extent;
  const products: string[] = [];
  for (let number = 0; number < count; number += 1)
    products.push(await user.createProduct(`Storm ${number}`, `storm-${number}`));
  const acknowledged: string[] = [];
  const hint = async (number: number) => {
    // As a load balancer does: who does not answer is passed over.
    for (let tries = 0; tries < 50; tries += 1) {
      const url = urls[(number + tries) % urls.length] ?? '';
      const delivery = await sendHint(url, estate.secret, products[number % count] ?? '');
      if (delivery !== null) return void acknowledged.push(delivery);
    }
    throw new Error('no replica took the webhook');
  };
  await inWaves(storm, 20, async (number) => {
    if (number === Math.floor(storm / 3)) await daemons[0]?.kill();
    // Access is given without a word but the webhook's: each second product reads the one before it.
    const [consumer, provider] = [products[number] ?? '', products[number - 1] ?? ''];
    if (number < count && number % 2 === 1) {
      const port = await user.createPort(provider, `port-${number}`);
      await user.requestAccess(consumer, port);
      await user.decide(provider, port, consumer, 'approve');
    }
    await hint(number);
  });
  const deadline = new Deadline();
  const homes = products.map((_, number) => `storm-${number}`);
  for (let number = 1; number < count; number += 2) {
    const wired = async () =>
      (await estate.workspaceFile(`storm-${number}`, '.env'))?.includes(`storm-${number - 1}/output`);
    await deadline.soon(`the input of storm-${number}`, wired);
  }
  // As a supervisor does: what the dead one may have left of its look at the store, the next start removes.
  estate.start();
  await converges(estate, homes, deadline);
  expect(acknowledged).toHaveLength(storm);
  expect(await acknowledgedAreStored(estate.postgres.url, acknowledged)).toBe(true);
  expect(overlaps(daemons)).toEqual([]);
  expect(daemons.slice(1).every((daemon) => linesOf(daemon).some(({ run }) => run !== undefined))).toBe(true);
});

/** Runs `count` pieces of work, so many at a time. */
async function inWaves(count: number, at: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: at }, one));
}
