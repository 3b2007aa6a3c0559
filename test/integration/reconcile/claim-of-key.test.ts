/** What every key is held against, and that there is something to try in each prefix. */
import { expect, test } from 'vitest';
import { listGrantsOf } from '../../../src/db/grants.ts';
import type { LivingProduct } from '../../../src/db/living.ts';
import { homesOf } from '../../../src/model/grant.ts';
import type { HomeName } from '../../../src/model/home.ts';
import { canaryHome } from '../../../src/model/home.ts';
import { noProduct, type ProductId } from '../../../src/model/ids.ts';
import { claimOfKey } from '../../../src/reconcile/claim-of-key.ts';
import { StandingMarkers } from '../../../src/storage/standing-markers.ts';
import { noteGrant, noteKey, noteProduct, openBooks } from '../../support/books.ts';

/** Books, and the markers of a store in memory. */
async function stage() {
  const books = await openBooks();
  let now = 0;
  const markers = new Map<HomeName, ProductId>();
  const store = {
    readMarker: async (home: HomeName) => markers.get(home) ?? null,
    writeMarker: async (home: HomeName, product: ProductId) => void markers.set(home, product),
  };
  const product = async (home: string) => {
    const id = await noteProduct(books.db, home, { home });
    return { id, home: home as HomeName };
  };
  const parts = {
    database: { sql: books.db },
    markers: new StandingMarkers(store, () => new Date(now)),
    canary: canaryHome,
  };
  const claim = async ({ id, home }: LivingProduct, inputs: readonly HomeName[]) =>
    claimOfKey(parts, home, inputs, homesOf(await listGrantsOf(books.db, id)));
  const pass = (ms: number) => {
    now += ms;
  };
  return { books, markers, product, claim, pass, doubt: () => parts.markers.doubt() };
}

test('a prefix that is nobody’s and one of another product must stay closed', async () => {
  const { books, markers, product, claim } = await stage();
  await using _ = books;
  const [own, input, other] = [await product('own'), await product('input'), await product('other')];
  expect((await claim(own, [])).foreign).toEqual([canaryHome]);
  for (const { id } of [own, input, other]) await noteKey(books.db, id);
  expect(await claim(own, [input.home])).toEqual({
    own: own.home,
    inputs: [input.home],
    foreign: [canaryHome, other.home],
  });
  expect(markers.get(canaryHome)).toBe(noProduct);
});

test('a marker that is gone is put back with its owner’s name, and no other is touched', async () => {
  const { books, markers, product, claim } = await stage();
  await using _ = books;
  const [own, input, other] = [await product('own'), await product('input'), await product('other')];
  for (const { id } of [own, input, other]) await noteKey(books.db, id);
  markers.set(input.home, noProduct);
  await claim(own, [input.home]);
  expect(markers.get(input.home)).toBe(noProduct);
  expect(markers.get(other.home)).toBe(other.id);
});

test('a marker that was seen is taken to stand for a minute, or until a proof fails', async () => {
  const { books, markers, product, claim, pass, doubt } = await stage();
  await using _ = books;
  const own = await product('own');
  await claim(own, []);
  markers.delete(canaryHome);
  pass(59_999);
  await claim(own, []);
  expect(markers.has(canaryHome)).toBe(false);
  pass(1);
  await claim(own, []);
  expect(markers.has(canaryHome)).toBe(true);
  markers.delete(canaryHome);
  doubt();
  await claim(own, []);
  expect(markers.has(canaryHome)).toBe(true);
});

test('a home that is being made has its marker from its own run, which then tells its consumers', async () => {
  const { books, markers, product, claim } = await stage();
  await using _ = books;
  const [own, input] = [await product('own'), await product('input')];
  await claim(own, [input.home]);
  expect([...markers.keys()]).toEqual([canaryHome]);
});

test('what was granted until now and is not any more must be closed, whatever became of its owner', async () => {
  const { books, product, claim } = await stage();
  await using _ = books;
  const own = await product('own');
  const [kept, ended, gone] = [await product('kept'), await product('ended'), await product('gone')];
  for (const { id } of [kept, ended]) await noteKey(books.db, id);
  for (const { id } of [kept, ended, gone]) await noteGrant(books.db, own.id, id);
  expect(await claim(own, [kept.home])).toEqual({
    own: own.home,
    inputs: [kept.home],
    foreign: [canaryHome, ended.home, gone.home],
  });
});
