/** Statements that are planned once: what must not be told from those that are planned each time. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql as raw } from 'kysely';
import pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { connectDatabase } from '../../../src/db/connection.ts';
import { openEmbedded } from '../../../src/db/embedded.ts';
import { startPostgres } from '../../support/postgres.ts';
import { copyDatabase } from '../../support/prepared-database.ts';

const engines = {
  'the embedded database': async () => {
    const folder = await mkdtemp(join(tmpdir(), 'prepared-'));
    const url = await copyDatabase(join(folder, 'database'));
    return { url, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  },
  'a PostgreSQL server': startPostgres,
};

describe.each(Object.entries(engines))('a statement that comes again, on %s', (_, start) => {
  test('is planned once, and still sees what is there now', async () => {
    await using server = await start();
    await using database = await connectDatabase(server.url);
    await database.sql.connection().execute(async (db) => {
      await raw`CREATE TEMP TABLE thing (name text)`.execute(db);
      const count = async () => {
        const { rows } = await raw<{
          n: string;
        }>`SELECT count(*) AS n FROM thing WHERE name = ${'a'}`.execute(db);
        return Number(rows[0]?.n);
      };
      expect(await count()).toBe(0);
      await raw`INSERT INTO thing VALUES (${'a'})`.execute(db);
      expect(await count()).toBe(1);
      const { rows } = await raw<{ uses: string }>`
        SELECT generic_plans + custom_plans AS uses FROM pg_prepared_statements
         WHERE statement LIKE 'SELECT count(*) AS n FROM thing%'`.execute(db);
      expect(rows.map(({ uses }) => Number(uses))).toEqual([2]);
    });
  });

  test('goes on when a newer version has added a column meanwhile', async () => {
    await using server = await start();
    await using database = await connectDatabase(server.url);
    await database.sql.connection().execute(async (db) => {
      await raw`CREATE TEMP TABLE thing (name text)`.execute(db);
      const asks = [
        () => raw`select * from thing where name = ${'a'}`.execute(db),
        () => raw`select "thing".* from thing where name = ${'a'}`.execute(db),
        () => raw`delete from thing where name = ${'a'} returning *`.execute(db),
        () => raw`select name from thing where name = ${'a'}`.execute(db),
      ];
      for (const ask of asks) await ask();
      await raw`ALTER TABLE thing ADD COLUMN colour text`.execute(db);
      for (const ask of asks) await expect(ask()).resolves.toMatchObject({ rows: [] });
    });
  });

  test('that failed works when what it lacked is there', async () => {
    await using server = await start();
    await using database = await connectDatabase(server.url);
    await database.sql.connection().execute(async (db) => {
      const ask = () => raw`SELECT name FROM later WHERE name = ${'a'}`.execute(db);
      await expect(ask()).rejects.toMatchObject({ code: '42P01' });
      await raw`CREATE TEMP TABLE later (name text)`.execute(db);
      await expect(ask()).resolves.toMatchObject({ rows: [] });
    });
  });

  test('takes its turn: a transaction is one, whoever asks meanwhile', async () => {
    await using server = await start();
    await using database = await connectDatabase(server.url);
    await raw`CREATE TABLE thing (name text)`.execute(database.sql);
    const undone = database.sql.transaction().execute(async (trx) => {
      await raw`INSERT INTO thing VALUES (${'undone'})`.execute(trx);
      throw new Error('no');
    });
    const kept = Promise.all([
      raw`INSERT INTO thing VALUES (${'kept'})`.execute(database.sql),
      database.queueDatabase.executeSql('INSERT INTO thing VALUES ($1)', ['kept, too']),
    ]);
    await expect(undone).rejects.toThrow('no');
    await kept;
    const { rows } = await raw<{ name: string }>`SELECT name FROM thing ORDER BY name`.execute(database.sql);
    expect(rows.map(({ name }) => name)).toEqual(['kept', 'kept, too']);
  });
});

test('the embedded database forgets what a connection that broke had begun, as a server does', async () => {
  await using server = await engines['the embedded database']();
  const engine = await openEmbedded(server.url);
  const connected = async () => {
    const client = new pg.Client(engine.connection);
    await client.connect();
    return client;
  };
  const broken = await connected();
  await broken.query('CREATE TABLE thing (name text)');
  await broken.query({ name: 'same', text: 'SELECT $1::text AS one', values: ['1'] });
  await broken.query('BEGIN');
  await broken.query("INSERT INTO thing VALUES ('undone')");
  await broken.end();
  const next = await connected();
  const { rows } = await next.query({
    name: 'same',
    text: 'SELECT name, $1 AS two FROM thing',
    values: ['2'],
  });
  expect(rows).toEqual([]);
  await next.query("INSERT INTO thing VALUES ('kept')");
  expect((await next.query('SELECT name FROM thing')).rows).toEqual([{ name: 'kept' }]);
  await next.end();
  await engine.close();
});

test('the embedded database opens whatever the environment tells the driver of servers', async () => {
  vi.stubEnv('PGSSLMODE', 'require');
  vi.stubEnv('PGHOST', 'nowhere.invalid');
  vi.stubEnv('PGUSER', 'nobody');
  try {
    await using server = await engines['the embedded database']();
    await using database = await connectDatabase(server.url);
    const { rows } = await raw<{ one: number }>`SELECT 1 AS one`.execute(database.sql);
    expect(rows).toEqual([{ one: 1 }]);
  } finally {
    vi.unstubAllEnvs();
  }
});
