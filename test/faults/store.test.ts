/** A store that refuses, breaks off, takes its time, says nothing, or is away. */
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { type Fault, seeded } from '../support/fault-proxy.ts';
import { worksAlone } from '../support/inventory.ts';
import { createProxiedWorld } from '../support/proxied-world.ts';
import { eventually } from '../support/world.ts';
import { converges, Deadline } from './deadline.ts';
import { extent } from './extent.ts';
import { liveThrough } from './trouble.ts';

const away: Fault = () => ({ kind: 'answer', status: 503 });

async function survives(fault: Fault): Promise<void> {
  await using world = await createProxiedWorld();
  const { storeProxy } = world;
  const begin = () => storeProxy.fail(fault);
  const end = () => storeProxy.fail(null);
  await liveThrough(world, { begin, end, forMs: extent.outageMs });
}

test('a store that refuses 30 % of all calls, some of them after it did them, costs nothing', async () => {
  const random = seeded(6);
  const kinds = [{ kind: 'answer', status: 503 }, { kind: 'reset' }, { kind: 'lose-answer' }] as const;
  await survives(() => (random() < 0.3 ? (kinds[Math.floor(random() * kinds.length)] ?? null) : null));
});

test('a store that answers late costs nothing', async () => {
  await survives(() => ({ kind: 'delay', ms: extent.lateAnswerMs }));
});

test('a store that takes calls and never answers costs nothing', async () => {
  await survives(() => ({ kind: 'hang' }));
});

/** Requests in the busiest second since an instant. */
function busiestSecond(seen: readonly number[], since: number): number {
  const perSecond = new Map<number, number>();
  for (const at of seen.filter((each) => each >= since)) {
    const second = Math.floor((at - since) / 1000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  return Math.max(...perSecond.values());
}

test('a store that is away sees at most 10 tries a second for 40 products, after those that were under way, and all of them afterwards', async () => {
  await using world = await createProxiedWorld();
  const { storeProxy } = world;
  const user = new PortalUser(world.portal.url);
  await user.createProduct('first', 'first');
  await eventually('a first home', () => worksAlone(world, 'first'));
  const homes = Array.from({ length: 40 }, (_, number) => `waiting-${number}`);
  storeProxy.fail(away);
  const began = performance.now();
  const created = Promise.all(homes.map((home) => user.createProduct(home, home)));
  await eventually('the breaker', () =>
    world.lines.some((line) => line.includes('does not answer: runs wait')),
  );
  // What the slots had under way when it opened, each a few requests side by side; the other products ask nothing.
  expect(storeProxy.seen.filter((at) => at >= began).length).toBeLessThanOrEqual(3 * 16);
  // Those end within a second.
  const opened = performance.now() + 1000;
  await created;
  await new Promise((resolve) => setTimeout(resolve, extent.outageMs));
  expect(busiestSecond(storeProxy.seen, opened)).toBeLessThanOrEqual(10);
  storeProxy.fail(null);
  await converges(world, ['first', ...homes], new Deadline());
});
