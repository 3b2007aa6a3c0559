/** A portal that is away, errs, tells half of what it knows, or takes for ever to say it. */
import { expect, test } from 'vitest';
import type { Fate, Fault } from '../support/fault-proxy.ts';
import { createProxiedWorld } from '../support/proxied-world.ts';
import { extent } from './extent.ts';
import { liveThrough } from './trouble.ts';

async function survives(fault: Fault, takes = true): Promise<readonly string[]> {
  await using world = await createProxiedWorld({ PROV_RESYNC_INTERVAL: '2s' });
  const { portalProxy } = world;
  const begin = () => portalProxy.fail(fault);
  const end = () => portalProxy.fail(null);
  await liveThrough(world, { begin, end, forMs: extent.outageMs, takes });
  return world.lines;
}

const isList = (path: string) => /^\/api\/v2\/(data_products\/?|graph.*)(\?|$)/.test(path);

test.each<[string, Fault]>([
  ['is away', () => ({ kind: 'reset' })],
  ['answers 500', () => ({ kind: 'answer', status: 500 })],
])('a portal that %s costs nothing', async (_what, fault) => {
  await survives(fault);
});

test('a list that lost half of its entries tears nothing down', async () => {
  let lists = 0;
  // Nothing is taken away here: a deletion would find the brake on, as half of all products seem to have gone with it.
  const lines = await survives(({ method, path }) => {
    if (method !== 'GET' || !isList(path)) return null;
    lists += 1;
    return { kind: 'rewrite', as: ({ status, text }) => ({ status, text: halfOf(text) }) };
  }, false);
  expect(lists).toBeGreaterThan(2);
  expect(lines.filter((line) => /delete-principal|archive-workspace/.test(line))).toEqual([]);
});

test('every answer cut off in the middle costs nothing', async () => {
  const half: Fate = {
    kind: 'rewrite',
    as: ({ status, text }) => ({ status, text: text.slice(0, text.length / 2) }),
  };
  await survives(() => half);
});

test('answers that come a byte at a time cost nothing', async () => {
  await survives(() => ({ kind: 'trickle', msPerByte: extent.msPerByte }));
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
