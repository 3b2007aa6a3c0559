import { afterAll, beforeAll, expect, test } from 'vitest';
import { currentKeyChanges, listKeys, noteIssued } from '../../../src/db/access-keys.ts';
import { up } from '../../../src/db/migrations/010-session-names.ts';
import { changeTogether } from '../../../src/db/together.ts';
import { type Books, noteProduct, openBooks } from '../../support/books.ts';

let books: Books;
beforeAll(async () => {
  books = await openBooks();
});
afterAll(() => books[Symbol.asyncDispose]());

const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));

test('a session that is renewed takes the place of the one before, and stays current', async () => {
  const product = await noteProduct(books.db, 'Renewed');
  const id = 'session-RENEWED';
  await noteIssued(books.db, product, { id, secretSha256: 'first', expiresAt: at(12) }, at(0));
  await changeTogether(books.db, currentKeyChanges(books.db, product, id, at(1)));
  await noteIssued(books.db, product, { id, secretSha256: 'second', expiresAt: at(18) }, at(6));
  await changeTogether(books.db, currentKeyChanges(books.db, product, id, at(7)));
  expect(await listKeys(books.db, product)).toEqual([
    {
      id,
      state: 'current',
      secretSha256: 'second',
      issuedAt: at(6),
      provenAt: null,
      graceUntil: null,
      expiresAt: at(18),
    },
  ]);
});

test('sessions of an earlier version, which had no names, are forgotten; keys and sessions with names are not', async () => {
  const product = await noteProduct(books.db, 'Upgraded');
  const note = (id: string, expiresAt: Date | null) =>
    noteIssued(books.db, product, { id, secretSha256: null, expiresAt }, at(0));
  await note('ASIAOFTHESESSION', at(12));
  await note('AKIAOFTHEKEY', null);
  await note('session-A', at(12));
  await note('fixed-A', at(12));
  await up(books.db);
  const ids = (await listKeys(books.db, product)).map(({ id }) => id).toSorted();
  expect(ids).toEqual(['AKIAOFTHEKEY', 'fixed-A', 'session-A']);
});
