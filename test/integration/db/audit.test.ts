import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { insertAudit, pruneAudit, sealAudit, verifyAudit } from '../../../src/db/audit.ts';
import { openDatabase } from '../../../src/db/connection.ts';
import { type Books, openBooks } from '../../support/books.ts';
import { startPostgres } from '../../support/postgres.ts';

const minute = (number: number) => new Date(Date.UTC(2026, 0, 1, 12, number));
const cause = { kind: 'resync' } as const;

async function openServer(): Promise<Books> {
  const server = await startPostgres();
  const database = await openDatabase(server.url);
  return {
    database,
    db: database.sql,
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe.each([
  ['the embedded database', openBooks],
  ['a PostgreSQL server', openServer],
])('the audit on %s', async (_engine, open) => {
  const books = await open();
  const { db } = books;
  afterAll(() => books[Symbol.asyncDispose]());
  beforeEach(async () => {
    await db.deleteFrom('audit').execute();
    await db.deleteFrom('audit_head').execute();
  });

  /** Adds a row per date, each numbered before the next is there. */
  async function add(...dates: readonly Date[]): Promise<void> {
    for (const at of dates) {
      await insertAudit(db, [
        { at, actor: 'provisioner', cause, product: null, run: null, action: 'note', target: 'sales/' },
      ]);
      await sealAudit(db);
    }
  }
  const row = (seq: number) => db.updateTable('audit').where('seq', '=', String(seq));
  const drop = (seq: number) => db.deleteFrom('audit').where('seq', '=', String(seq)).execute();

  it('is in order as it was written, and counts its rows', async () => {
    expect(await verifyAudit(db)).toEqual({ ok: true, rows: 0 });
    await add(minute(1), minute(2), minute(3));
    expect(await verifyAudit(db)).toEqual({ ok: true, rows: 3 });
  });

  it('shows a row that was changed, in what it says or when', async () => {
    await add(minute(1), minute(2), minute(3));
    await row(2).set({ target: 'stock/' }).execute();
    const changed = { ok: false, rows: 1, seq: '2', what: 'the row was changed' };
    expect(await verifyAudit(db)).toEqual(changed);
    await row(2).set({ target: 'sales/' }).execute();
    expect(await verifyAudit(db)).toEqual({ ok: true, rows: 3 });
    await row(2)
      .set({ at: minute(7) })
      .execute();
    expect(await verifyAudit(db)).toEqual(changed);
  });

  it('shows a row that was changed together with its own hash', async () => {
    await add(minute(1), minute(2));
    await row(2)
      .set({ hash: 'a'.repeat(64) })
      .execute();
    expect(await verifyAudit(db)).toMatchObject({ ok: false, seq: '2', what: 'the row was changed' });
  });

  it('shows a row that is missing', async () => {
    await add(minute(1), minute(2), minute(3));
    await drop(2);
    expect(await verifyAudit(db)).toEqual({ ok: false, rows: 1, seq: '2', what: 'the row is missing' });
  });

  it('shows that its end was cut off, or that all of it is gone', async () => {
    await add(minute(1), minute(2), minute(3));
    await drop(3);
    expect(await verifyAudit(db)).toMatchObject({ ok: false, rows: 2, seq: '3' });
    await db.deleteFrom('audit').execute();
    expect(await verifyAudit(db)).toMatchObject({ ok: false, rows: 0, seq: '1' });
  });

  it('shows a row that was put behind its end', async () => {
    await add(minute(1));
    await db
      .insertInto('audit')
      .columns(['id', 'at', 'actor', 'cause', 'action', 'target', 'seq', 'hash'])
      .expression(
        db
          .selectFrom('audit')
          .select(({ val, fn }) => [
            fn<string>('gen_random_uuid').as('id'),
            'at',
            'actor',
            'cause',
            'action',
            'target',
            val('2').$castTo<string>().as('seq'),
            'hash',
          ]),
      )
      .execute();
    expect(await verifyAudit(db)).toMatchObject({ ok: false, rows: 1, seq: '2' });
  });

  it('is in order after its oldest rows were dropped, and shows a row that is missing after them', async () => {
    await add(minute(1), minute(2), minute(3), minute(4));
    await pruneAudit(db, minute(3));
    expect(await verifyAudit(db)).toEqual({ ok: true, rows: 2 });
    await drop(3);
    expect(await verifyAudit(db)).toMatchObject({ ok: false, rows: 0, seq: '3' });
  });

  it('goes on after all of its rows were dropped', async () => {
    await add(minute(1), minute(2));
    await pruneAudit(db, minute(9));
    expect(await verifyAudit(db)).toEqual({ ok: true, rows: 0 });
    await add(minute(10));
    expect(await verifyAudit(db)).toEqual({ ok: true, rows: 1 });
  });

  it('keeps what is young though a clock was wrong once and gave a late row an old date', async () => {
    const old = new Date('1970-01-01');
    await add(minute(1), minute(5), minute(6), old);
    await pruneAudit(db, minute(4));
    expect(await verifyAudit(db)).toEqual({ ok: true, rows: 3 });
    await pruneAudit(db, minute(9));
    expect(await verifyAudit(db)).toEqual({ ok: true, rows: 0 });
  });

  it('is in order while rows are added to it and old ones are dropped', async () => {
    const entry = { actor: 'provisioner', cause, product: null, run: null, action: 'note', target: '' };
    const many = Array.from({ length: 2500 }, (_, number) => ({ at: new Date(number), ...entry }));
    await insertAudit(db, many);
    while ((await sealAudit(db)) > 0);
    const verifying = verifyAudit(db);
    await add(minute(1), minute(2), minute(3));
    await pruneAudit(db, new Date(2000));
    await add(minute(4), minute(5), minute(6));
    expect(await verifying).toMatchObject({ ok: true });
    expect(await verifyAudit(db)).toEqual({ ok: true, rows: 506 });
  });
});
