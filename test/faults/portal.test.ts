/** A portal that is away, errs, tells half of what it knows, or takes for ever to say it. */
import { expect, test } from 'vitest';
import type { Fault } from '../support/fault-proxy.ts';
import { createTroubledWorld, liveThrough, timeScale } from './trouble.ts';

async function survives(fault: Fault, forMs: number): Promise<readonly string[]> {
  await using world = await createTroubledWorld({ PROV_RESYNC_INTERVAL: '2s' });
  const { portalProxy } = world;
  await liveThrough(world, {
    begin: () => portalProxy.fail(fault),
    end: () => portalProxy.fail(null),
    forMs,
  });
  return world.lines;
}

const isList = (path: string) => /^\/api\/v2\/(data_products\/?|graph.*)(\?|$)/.test(path);

test('a portal that is away, then errs, costs nothing', async () => {
  let calls = 0;
  await survives(() => {
    calls += 1;
    return calls % 2 === 0 ? { kind: 'reset' } : { kind: 'answer', status: 500 };
  }, 6000 * timeScale);
});

test('a list that was cut off, or lost half of its entries, tears nothing down', async () => {
  const cut = (text: string) => text.slice(0, Math.floor(text.length / 2));
  let lists = 0;
  const lines = await survives(({ method, path }) => {
    if (method !== 'GET' || !isList(path)) return null;
    lists += 1;
    return { kind: 'rewrite', text: lists % 2 === 0 ? cut : halfOf };
  }, 7000 * timeScale);
  expect(lists).toBeGreaterThan(2);
  // The one product that was deleted, and no other.
  const torn = lines.filter((line) => line.includes('"action":"delete-principal"'));
  expect(torn).toHaveLength(1);
});

test('every answer cut off in the middle costs nothing', async () => {
  await survives(() => ({ kind: 'rewrite', text: (text) => text.slice(0, text.length / 2) }), 5000);
});

test('answers that come a byte at a time cost nothing', async () => {
  await survives(() => ({ kind: 'trickle', msPerByte: 5 }), 6000 * timeScale);
});

/** Every second entry of every list in an answer: valid, and wrong. */
function halfOf(text: string): string {
  const halve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.filter((_, index) => index % 2 === 0).map(halve);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, halve(part)]));
  };
  return JSON.stringify(halve(JSON.parse(text)));
}
