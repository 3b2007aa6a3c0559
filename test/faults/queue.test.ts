/** What waits behind what: changes that come while a run is under way, floods, and work that is in no hurry. */
import { createHmac, randomUUID } from 'node:crypto';
import autocannon from 'autocannon';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { openDatabase } from '../../src/db/connection.ts';
import { ProductId } from '../../src/model/ids.ts';
import { priorities, queueNames } from '../../src/queue/jobs.ts';
import { openQueue, type Queue } from '../../src/queue/queue.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Redactor } from '../../src/telemetry/redact.ts';
import { isIdle } from '../support/idle.ts';
import { startPostgres } from '../support/postgres.ts';
import { createProxiedWorld } from '../support/proxied-world.ts';
import { createWorld, eventually } from '../support/world.ts';
import { extent } from './extent.ts';

const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });

test('a change that comes while its product’s run is slow leads to another run after it', async () => {
  await using world = await createProxiedWorld({ PROV_RESYNC_INTERVAL: '1h', PROV_DRIFT_INTERVAL: '0' });
  const user = new PortalUser(world.portal.url);
  const provider = await user.createProduct('slow-source', 'slow-source');
  const port = await user.createPort(provider, 'port');
  await eventually('the provider', () => world.workspaceFile('slow-source', '.env'));
  let slowed = 0;
  world.storeProxy.fail(() => {
    slowed += 1;
    return { kind: 'delay', ms: 700 };
  });
  const consumer = await user.createProduct('slow-reader', 'slow-reader');
  // The wish was read before the store is asked.
  await eventually('the run to be under way', () => slowed >= 3);
  await user.requestAccess(consumer, port);
  await user.decide(provider, port, consumer, 'approve');
  await world.portal.idle();
  const env = () => world.workspaceFile('slow-reader', '.env');
  await eventually('the input', async () => (await env())?.includes('slow-source/output') === true, 60_000);
});

test('access that is taken away while it is being given ends, though the portal names its consumer nowhere any more', async () => {
  await using world = await createProxiedWorld({
    PROV_RESYNC_INTERVAL: '1h',
    PROV_DRIFT_INTERVAL: '1h',
    PROV_KEY_GRACE: '1h',
  });
  const webhooks = { webhookUrl: world.daemon().url, webhookSecret: world.secret };
  world.portal.setWebhooks(webhooks);
  const user = new PortalUser(world.portal.url);
  const provider = await user.createProduct('quick-source', 'quick-source');
  const consumer = await user.createProduct('quick-reader', 'quick-reader');
  const port = await user.createPort(provider, 'port');
  const env = () => world.workspaceFile('quick-reader', '.env');
  await eventually(
    'both homes',
    async () => (await env()) !== null && world.workspaceFile('quick-source', '.env'),
  );
  await user.requestAccess(consumer, port);
  // So that the look that is waited for is one that knows of the approval.
  await eventually('nothing to do', () => isIdle(world));
  let looks = 0;
  world.storeProxy.fail(({ path }) => {
    if (!path.includes('/quick-reader/.keep')) return null;
    looks += 1;
    return { kind: 'delay', ms: 1000 };
  });
  await user.decide(provider, port, consumer, 'approve');
  // The wish was read before the store is asked.
  await eventually('the run to be under way', () => looks > 0);
  await user.decide(provider, port, consumer, 'remove');
  await eventually('the input', async () => (await env())?.includes('quick-source/output') === true, 60_000);
  world.storeProxy.fail(null);
  await eventually('its end', async () => (await env())?.includes('quick-source/output') === false, 60_000);
});

const jobsFor = (count: number) =>
  Array.from({ length: count }, () => ({
    product: ProductId.parse(randomUUID()),
    cause: { kind: 'resync' } as const,
  }));

const productsIn = (jobs: Awaited<ReturnType<Queue['claim']>>) =>
  jobs.map(({ data }) => (data as { product: string }).product);

test('fresh work overtakes what a resync queued, and a flood of it does not starve the resync', async () => {
  await using server = await startPostgres();
  await using database = await openDatabase(server.url);
  await using queue = await openQueue(database, log);
  const resync = jobsFor(200);
  const unhurried = new Set(resync.map(({ product }) => String(product)));
  await queue.reconcile(resync, priorities.resync);
  let ofResync = 0;
  for (let round = 1; round <= 12; round += 1) {
    const [fresh] = jobsFor(1);
    if (fresh === undefined) throw new Error('no job');
    // A flood: always more fresh work than slots.
    await queue.reconcile([fresh, ...jobsFor(8)]);
    const claimed = productsIn(await queue.claim(queueNames.reconcile, 4));
    ofResync += claimed.filter((product) => unhurried.has(product)).length;
  }
  expect(ofResync).toBeGreaterThanOrEqual(3);
  expect(ofResync).toBeLessThanOrEqual(12);
});

test('thousands of doubled deliveries are all acknowledged and stored, and become a handful of runs', async () => {
  const { doubled } = extent;
  await using world = await createWorld();
  const id = await new PortalUser(world.portal.url).createProduct('doubled', 'doubled');
  await eventually('a home', () => world.workspaceFile('doubled', '.env'));
  const message = {
    method: 'PUT',
    url: `/api/v2/data_products/${id}/about`,
    query: '',
    response: '',
    status_code: 200,
  };
  const body = JSON.stringify(message);
  const signed = body.replaceAll('":', '": ').replaceAll(',"', ', "');
  const sign = createHmac('sha512', world.secret).update(signed).digest('hex');
  const runs = () => world.lines.filter((line) => line.includes('"cause":"delivery"')).length;
  const before = runs();
  const result = await autocannon({
    url: world.daemon().url,
    method: 'POST',
    connections: 64,
    amount: doubled,
    body,
    headers: { 'content-type': 'application/json', sign },
  });
  expect([result['2xx'], result.non2xx, result.errors]).toEqual([doubled, 0, 0]);
  await eventually('the last run', () => isIdle(world));
  expect(runs() - before).toBeLessThan(doubled / 10);
  await world.daemon()[Symbol.asyncDispose]();
  await using database = await openDatabase(String(world.environment.PROV_DATABASE_URL));
  const row = await database.sql
    .selectFrom('delivery')
    .select((on) => on.fn.countAll().as('count'))
    .where('event', 'like', `PUT %${id}/about%`)
    .executeTakeFirst();
  expect(Number(row?.count)).toBe(doubled);
});
