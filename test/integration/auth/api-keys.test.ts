import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { verifyApiKey } from '../../../src/auth/api-keys.ts';
import { adoptKeyOrders, endKey, noteKey } from '../../../src/auth/key-book.ts';
import { makeApiKey } from '../../../src/auth/key-text.ts';
import { findApiKey } from '../../../src/db/api-keys.ts';
import { findSession, insertSession } from '../../../src/db/sessions.ts';
import { keyOrderFile } from '../../../src/model/control.ts';
import { type Books, openBooks } from '../../support/books.ts';

let books: Books;
const noon = new Date('2026-01-01T12:00:00Z');
const later = (seconds: number) => new Date(noon.getTime() + seconds * 1000);

async function madeKey(expiresAt: Date | null = null, name: string = randomUUID()) {
  const { text, record } = makeApiKey({ name, role: 'operator', expiresAt }, 'anna', noon);
  expect(await noteKey(books.db, record, 'anna')).toBe(true);
  return { text, id: record.id };
}

beforeAll(async () => {
  books = await openBooks();
});
afterAll(() => books[Symbol.asyncDispose]());

it('a key stands for its name and role until it ends, by time or by order', async () => {
  const { text, id } = await madeKey(later(60), 'ci');
  expect(await verifyApiKey(books.db, text, noon)).toEqual({
    id,
    name: 'key:ci',
    role: 'operator',
    expiresAt: later(60),
  });
  expect(await verifyApiKey(books.db, text, later(60))).toBeNull();
  expect(await endKey(books.db, id, 'anna', later(1))).toBe(true);
  expect(await verifyApiKey(books.db, text, later(2))).toBeNull();
  expect(await endKey(books.db, id, 'anna', later(3))).toBe(false);
});

it('the books hold no part of the secret', async () => {
  const { text, id } = await madeKey();
  expect(JSON.stringify(await findApiKey(books.db, id))).not.toContain(text.slice(-43, -33));
});

it('the last use is noted at most once a minute', async () => {
  const { text, id } = await madeKey();
  const usedAfter = async (seconds: number) => {
    await verifyApiKey(books.db, text, later(seconds));
    return (await findApiKey(books.db, id))?.usedAt;
  };
  expect([await usedAfter(1), await usedAfter(59), await usedAfter(61)]).toEqual([
    later(1),
    later(1),
    later(61),
  ]);
});

it('a key with the id of one and the secret of another opens nothing', async () => {
  const [one, other] = [await madeKey(), await madeKey()];
  expect(await verifyApiKey(books.db, `prov_${one.id}_${other.text.slice(-43)}`, noon)).toBeNull();
});

it('the end of a key is the end of the logins made with it', async () => {
  const { id } = await madeKey();
  const login = (sha256: string, apiKey: string | null) =>
    insertSession(books.db, { sha256, name: 'x', role: 'viewer', apiKey, expiresAt: later(600) }, noon);
  await login('with the key', id);
  await login('otherwise', null);
  await endKey(books.db, id, 'anna', noon);
  expect(await findSession(books.db, 'with the key', noon)).toBeNull();
  expect(await findSession(books.db, 'otherwise', noon)).toMatchObject({ name: 'x' });
  expect(await findSession(books.db, 'otherwise', later(600))).toBeNull();
});

describe('a name', () => {
  const wish = (name: string, madeAt = noon) =>
    makeApiKey({ name, role: 'viewer', expiresAt: null }, 'anna', madeAt).record;

  it('is one living key’s alone: it is had again when that has ended, by order or by time', async () => {
    const ended = await madeKey(null, 'by order');
    expect(await noteKey(books.db, wish('by order'), 'anna')).toBe(false);
    await endKey(books.db, ended.id, 'anna', later(1));
    expect(await noteKey(books.db, wish('by order'), 'anna')).toBe(true);
    await madeKey(later(60), 'by time');
    expect(await noteKey(books.db, wish('by time', later(59)), 'anna')).toBe(false);
    expect(await noteKey(books.db, wish('by time', later(60)), 'anna')).toBe(true);
  });

  it('goes to one of those that ask for it at once', async () => {
    const asked = Array.from({ length: 5 }, () => noteKey(books.db, wish('wanted'), 'anna'));
    expect((await Promise.all(asked)).filter((noted) => noted)).toHaveLength(1);
  });

  it('of the key of the settings is nobody else’s', async () => {
    expect(await noteKey(books.db, wish('settings'), 'anna')).toBe(false);
  });

  it('that is taken is made another where the order is a file, so that nobody is locked out', async () => {
    await madeKey(null, 'ops');
    const folder = await mkdtemp(join(tmpdir(), 'provisioner-control-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { text, record } = makeApiKey({ name: 'ops', role: 'admin', expiresAt: null }, 'anna', noon);
    await writeFile(join(folder, keyOrderFile(record.id)), JSON.stringify(record));
    await adoptKeyOrders(books.db, folder);
    expect(await verifyApiKey(books.db, text, noon)).toMatchObject({ name: `key:ops-${record.id}` });
    expect(await readdir(folder)).toEqual([]);
  });
});
