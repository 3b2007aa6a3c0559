/** Who takes part in the rollout of a template's new version, as the books have it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  hasUnasked,
  joinCanaries,
  noteCanary,
  noteUnfit,
  placesTaken,
  readRollout,
} from '../../../src/db/rollouts.ts';
import type { ProductId } from '../../../src/model/ids.ts';
import { type Books, degraded, noteProduct, openBooks } from '../../support/books.ts';

let books: Books;
beforeAll(async () => {
  books = await openBooks();
});
afterAll(() => books[Symbol.asyncDispose]());

const now = new Date('2026-01-01T00:00:00Z');
const join = (to: string, product: ProductId, most: number) => joinCanaries(books.db, to, product, most, now);

test('there are as many canaries as there are places, and one asked again keeps its place', async () => {
  const to = 'places@2';
  const [one, two, three] = await Promise.all(
    ['one', 'two', 'three'].map((name) => noteProduct(books.db, name, { template: 'places@1' })),
  );
  if (one === undefined || two === undefined || three === undefined) throw new Error('three were noted');
  expect([await join(to, one, 2), await join(to, two, 2), await join(to, three, 2)]).toEqual([
    true,
    true,
    false,
  ]);
  expect(await join(to, one, 2)).toBe(true);
  await noteCanary(books.db, to, one, 'succeeded');
  expect(await readRollout(books.db, to, one)).toEqual({
    stage: 'canary',
    succeeded: 1,
    failed: 0,
    trying: 1,
    role: 'canary',
  });
  expect(await readRollout(books.db, to, three)).toMatchObject({ role: 'none' });
});

test.each([
  ['was deleted', { state: 'retired' }],
  ['was paused', { paused_at: now, paused_by: 'Ada' }],
  ['got another template', { template: 'another@1' }],
  ['is in trouble', { conditions: JSON.stringify([degraded]) }],
] as const)('a canary that %s before it tried gives its place to another', async (what, change) => {
  const [name] = what.split(' ').slice(-1);
  const to = `${name}@2`;
  const lost = await noteProduct(books.db, `lost ${name}`, { template: `${name}@1` });
  const next = await noteProduct(books.db, `next ${name}`, { template: `${name}@1` });
  expect(await join(to, lost, 1)).toBe(true);
  expect(await join(to, next, 1)).toBe(false);
  await books.db.updateTable('product').set(change).where('id', '=', lost).execute();
  expect(await hasUnasked(books.db, to)).toBe(true);
  expect(await join(to, next, 1)).toBe(true);
  expect(await hasUnasked(books.db, to)).toBe(false);
});

test('a product that may not try it first takes no place, until it may', async () => {
  const to = 'rule@2';
  const product = await noteProduct(books.db, 'ruled out', { template: 'rule@1' });
  expect(await hasUnasked(books.db, to)).toBe(true);
  await noteUnfit(books.db, to, product, now);
  expect(await hasUnasked(books.db, to)).toBe(false);
  const found = await readRollout(books.db, to, product);
  expect(found).toMatchObject({ stage: 'canary', role: 'unfit' });
  expect(found && placesTaken(found)).toBe(0);
  expect(await join(to, product, 1)).toBe(true);
  expect(await readRollout(books.db, to, product)).toMatchObject({ role: 'canary', trying: 1 });
});
