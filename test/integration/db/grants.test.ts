import { afterAll, beforeAll, expect, test } from 'vitest';
import { grantChanges, listGrantsOf } from '../../../src/db/grants.ts';
import { changeTogether } from '../../../src/db/together.ts';
import { listGrants } from '../../../src/insight/grants.ts';
import { type Books, newPortId, noteProduct, openBooks } from '../../support/books.ts';

let books: Books;
beforeAll(async () => {
  books = await openBooks();
});
afterAll(() => books[Symbol.asyncDispose]());

test('a grant that is recorded again gets the new facts and keeps its beginning', async () => {
  const [reader, provider] = [await noteProduct(books.db, 'Reader'), await noteProduct(books.db, 'Source')];
  const grant = { outputPort: newPortId(), provider, outputPortName: 'Leads', validUntil: '2026-11-20' };
  const since = new Date('2026-01-01T00:00:00Z');
  await changeTogether(books.db, grantChanges(books.db, reader, [grant], since));
  const longer = { ...grant, outputPortName: 'Warm leads', validUntil: null };
  await changeTogether(books.db, grantChanges(books.db, reader, [longer], new Date('2026-02-01T00:00:00Z')));
  const { provider: _provider, ...facts } = longer;
  expect(await listGrantsOf(books.db, reader)).toEqual([
    { ...facts, home: `source-${provider.slice(0, 8)}` },
  ]);
  const { items } = await listGrants(books.db, { consumer: reader }, { after: null, limit: 10 });
  expect(items).toMatchObject([{ since, outputPortName: 'Warm leads', validUntil: null }]);
});
