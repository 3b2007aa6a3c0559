/** What every key is held against, and that there is something to try in each prefix. */
import { expect, test } from 'vitest';
import type { LivingProduct } from '../../../src/db/living.ts';
import type { HomeName } from '../../../src/model/home.ts';
import { canaryHome } from '../../../src/model/home.ts';
import { noProduct, type ProductId } from '../../../src/model/ids.ts';
import { claimOfKey } from '../../../src/reconcile/claim-of-key.ts';
import { noteGrant, noteKey, noteProduct, openBooks } from '../../support/books.ts';

/** Books, and the markers of a store in memory. */
async function stage() {
  const books = await openBooks();
  const markers = new Map<HomeName, ProductId>();
  const store = {
    readMarker: async (home: HomeName) => markers.get(home) ?? null,
    writeMarker: async (home: HomeName, product: ProductId) => void markers.set(home, product),
  };
  const product = async (home: string) => {
    const id = await noteProduct(books.db, home, { home });
    return { id, home: home as HomeName };
  };
  const claim = (own: LivingProduct, inputs: readonly HomeName[]) =>
    claimOfKey({ database: { sql: books.db }, store, canary: canaryHome }, own, inputs);
  return { books, markers, product, claim };
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
