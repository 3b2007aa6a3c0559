/** Time: clocks that jump, and access that ends by the calendar. */
import { afterEach, expect, test, vi } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { createProxiedWorld } from '../support/proxied-world.ts';
import { s3As } from '../support/s3-as.ts';
import { createWorld, eventually, type World } from '../support/world.ts';
import { liveThrough } from './trouble.ts';

const day = 86_400_000;

/** Sets the clock of everything in this process; timers go on at their own pace. */
function jumpTo(time: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: time });
  const began = performance.now();
  vi.setSystemTime(time);
  ticking = setInterval(() => vi.setSystemTime(time + performance.now() - began), 20);
}

let ticking: NodeJS.Timeout | undefined;

function jumpBack(): void {
  clearInterval(ticking);
  vi.useRealTimers();
}

afterEach(jumpBack);

test('a clock that jumps ahead by a day, and returns, costs nothing', async () => {
  await using world = await createProxiedWorld();
  await liveThrough(world, { begin: () => jumpTo(Date.now() + day), end: jumpBack, forMs: 4000 });
});

test('a clock that jumps back by a day, and returns, costs nothing', async () => {
  await using world = await createProxiedWorld();
  // The portal's clock goes back as well: what it approved today it would not let be revoked yesterday.
  const begin = () => jumpTo(Date.now() - day);
  await liveThrough(world, { begin, end: jumpBack, forMs: 4000, takes: false });
});

/** A consumer that was let in by a provider’s ports. */
async function letIn(world: World, ports: readonly string[]) {
  const user = new PortalUser(world.portal.url);
  const provider = await user.createProduct('lender', 'lender');
  const consumer = await user.createProduct('borrower', 'borrower');
  const ids: string[] = [];
  for (const name of ports) {
    const port = await user.createPort(provider, name);
    ids.push(port);
    await user.requestAccess(consumer, port);
    await user.decide(provider, port, consumer, 'approve');
  }
  const statusIs = (wanted: number) => async () => {
    const env = await world.workspaceFile('borrower', '.env');
    return env !== null && (await s3As(world.store.endpoint, env).get('lender/.keep')) === wanted;
  };
  await eventually('access', statusIs(200));
  return { user, provider, consumer, ports: ids, statusIs };
}

/** Runs that a webhook caused and that ended. */
function runsOf(world: World): number {
  return world.lines.filter((line) => line.includes('"cause":"delivery"')).length;
}

/** Makes today the last day of all access. Any event makes it known; there is none at its end. */
async function endToday(world: World, happen: () => Promise<unknown>): Promise<string> {
  const lastDay = new Date().toISOString().slice(0, 10);
  for (const { requests } of world.portal.state.inputPorts.values())
    for (const request of requests) request.validUntil = lastDay;
  const before = runsOf(world);
  await happen();
  await eventually('the run that follows', () => runsOf(world) > before);
  return lastDay;
}

test('access with a last day ends with that day, without an event, within 60 s', async () => {
  await using world = await createWorld({ PROV_RESYNC_INTERVAL: '1h', PROV_DRIFT_INTERVAL: '0' });
  const { user, consumer, statusIs } = await letIn(world, ['lent']);
  const lastDay = await endToday(world, () => user.rename(consumer, 'borrower'));
  world.portal.setWebhooks({});
  expect(await statusIs(200)()).toBe(true);
  jumpTo(Date.parse(`${lastDay}T23:59:57Z`));
  await eventually('the end of access', statusIs(403), 60_000);
});

test('access with a last day ends with that day while the portal is away, and comes with a new key when it is back', async () => {
  await using world = await createProxiedWorld({ PROV_RESYNC_INTERVAL: '1h', PROV_DRIFT_INTERVAL: '0' });
  const { user, consumer, statusIs } = await letIn(world, ['lent']);
  const lastDay = await endToday(world, () => user.rename(consumer, 'borrower'));
  await world.portal.idle();
  const key = await world.workspaceFile('borrower', '.env');
  world.portal.setWebhooks({});
  world.portalProxy.fail(() => ({ kind: 'answer', status: 503 }));
  jumpTo(Date.parse(`${lastDay}T23:59:57Z`));
  await eventually('the end of access', statusIs(403), 60_000);
  expect(await world.workspaceFile('borrower', '.env')).toBe(key);
  world.portalProxy.fail(null);
  await eventually('a new key', async () => (await world.workspaceFile('borrower', '.env')) !== key, 60_000);
  expect(await statusIs(403)()).toBe(true);
});

test('two ports that open the same prefix: access stays until the last of them ends', async () => {
  await using world = await createWorld();
  const { user, provider, consumer, ports, statusIs } = await letIn(world, ['one', 'two']);
  const [one = '', two = ''] = ports;
  const before = runsOf(world);
  await user.decide(provider, one, consumer, 'revoke');
  await eventually('the run that follows', () => runsOf(world) > before);
  await world.portal.idle();
  expect(await statusIs(200)()).toBe(true);
  await user.decide(provider, two, consumer, 'revoke');
  await eventually('the end of access', statusIs(403));
});
