/** What a scrape tells after something happened. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortalUser } from '../../../demo/people/portal-user.ts';
import { type Sample, samplesOf } from '../../support/prometheus.ts';
import { createWorld, eventually, type World } from '../../support/world.ts';

const token = 'a-token-that-only-prometheus-has';
let world: World;

beforeAll(async () => {
  world = await createWorld({ PROV_METRICS_TOKEN: token });
  await new PortalUser(world.portal.url).createProduct('watched', 'watched');
  await eventually('the end of the run', () =>
    world.lines.find((line) => line.includes('brought the product in order')),
  );
});
afterAll(() => world?.[Symbol.asyncDispose]());

const ask = (authorization?: string) =>
  fetch(`${world.daemon().url}/metrics`, { headers: authorization === undefined ? {} : { authorization } });

/** Waits until a sample with the labels is there and, if asked, what it tells fits. */
const sample = (name: string, labels: Readonly<Record<string, string>>, fits = (_value: number) => true) =>
  eventually(`${name}${JSON.stringify(labels)}`, async () => {
    const all = samplesOf(await (await ask(`Bearer ${token}`)).text());
    const isIt = (each: Sample) =>
      each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value);
    return all.find((each) => isIt(each) && fits(each.value));
  });

test.each([undefined, 'Bearer wrong', token, `Basic ${token}`])(
  'with %s nobody reads them',
  async (words) => {
    const answer = await ask(words);
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await answer.text()).not.toContain('provisioner_');
  },
);

test.each(['portal', 'store'])('the breaker of the %s is closed while it answers', async (name) => {
  expect((await sample('provisioner_breaker_open', { name })).value).toBe(0);
});

test.each(['portal', 'identity'])('nothing waits for the %s when there is nothing to do', async (name) => {
  for (const state of ['running', 'waiting'])
    await sample('provisioner_budget_requests', { name, state }, (value) => value === 0);
});

describe('are counted', () => {
  test('each stage from webhook to file', async () => {
    await sample('provisioner_delivery_seconds_count', { verdict: 'accepted' });
    await sample('provisioner_job_seconds_count', { queue: 'reconcile', outcome: 'done' });
    await sample('provisioner_job_wait_seconds_count', { queue: 'reconcile' });
    await sample('provisioner_run_seconds_count', { outcome: 'succeeded' });
    await sample('provisioner_action_seconds_count', { kind: 'write-env', outcome: 'done' });
  });

  test.each([
    ['portal', 'readProduct'],
    ['store', 'writeMarker'],
    ['store', 'readPointer'],
    ['store', 'proveKey'],
    ['identity', 'createKey'],
    ['workspace', 'writeEnv'],
  ])('calls of the adapter %s: %s', async (adapter, operation) => {
    await sample('provisioner_adapter_call_seconds_count', { adapter, operation, outcome: 'ok' });
  });

  test('webhooks that are refused, whatever for, with the time that they took', async () => {
    const refused = { generation: 'unknown', verdict: 'refused' };
    const send = (type: string, body: string) =>
      fetch(world.daemon().url, { method: 'POST', headers: { 'content-type': type }, body });
    const answers = [
      await send('text/plain', '{}'),
      await send('application/json', '{'),
      await send('application/json', JSON.stringify('x'.repeat(1024 * 1024))),
      await send('application/json', '{}'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([415, 400, 413, 401]);
    await sample('provisioner_delivery_seconds_count', refused, (count) => count === 4);
    await sample('provisioner_delivery_seconds_sum', refused, (seconds) => seconds > 0);
  });

  test('products, keys and what waits', async () => {
    await sample('provisioner_products', { state: 'live', condition: 'Ready' });
    await sample('provisioner_keys', { state: 'current', age: '1h' });
    await sample('provisioner_oldest_job_seconds', { queue: 'reconcile' }, (value) => value === 0);
    await sample('provisioner_keys_overdue', {}, (value) => value === 0);
  });

  test('nothing by an id', async () => {
    const text = await (await ask(`Bearer ${token}`)).text();
    const labels = samplesOf(text).flatMap((each) => Object.values(each.labels));
    expect(labels.filter((value) => /[0-9a-f]{8}-[0-9a-f]{4}|watched|AKIA/.test(value))).toEqual([]);
  });
});

test('what others changed is counted as drift, by what it was; a first run is none', async () => {
  await using other = await createWorld();
  await new PortalUser(other.portal.url).createProduct('hurt', 'hurt');
  await eventually('the end of the run', () =>
    other.lines.find((line) => line.includes('brought the product in order')),
  );
  const drift = async () =>
    samplesOf(await (await fetch(`${other.daemon().url}/metrics`)).text()).filter(
      ({ name }) => name === 'provisioner_drift_total',
    );
  expect(await drift()).toEqual([]);
  await other.daemon()[Symbol.asyncDispose]();
  await rm(join(other.folder, 'products', 'hurt', '.env'));
  await other.restart({ PROV_DRIFT_INTERVAL: '5s' });
  const found = await eventually('drift', async () => ((await drift()).length > 0 ? drift() : null));
  expect(found.map(({ labels, value }) => [labels.field, value])).toEqual([['.env', 1]]);
});

test('work that waits has an age', async () => {
  await using other = await createWorld({ PROV_CONCURRENCY: '1' });
  other.store.freeze();
  const user = new PortalUser(other.portal.url);
  for (const name of ['one', 'two', 'three']) await user.createProduct(name, name);
  const oldest = await eventually('an age', async () => {
    const all = samplesOf(await (await fetch(`${other.daemon().url}/metrics`)).text());
    return all.find(
      ({ name, labels, value }) =>
        name === 'provisioner_oldest_job_seconds' && labels.queue === 'reconcile' && value > 0.2,
    );
  });
  expect(oldest.value).toBeLessThan(30);
  other.store.thaw();
});
