/** The embedded database has no autovacuum: what stands for it. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectDatabase } from '../../../src/db/connection.ts';
import { tidy } from '../../../src/db/tidying.ts';
import { copyDatabase } from '../../support/prepared-database.ts';

test('tables of the embedded database that changed much are tidied, so that they do not grow for ever', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'tidying-')), 'database');
  await using database = await connectDatabase(await copyDatabase(folder));
  const { executeSql } = database.queueDatabase;
  const pagesAfterChurn = async () => {
    for (let round = 0; round < 5; round += 1) await executeSql("UPDATE busy SET text = repeat('y', 500)");
    await tidy(database.queueDatabase);
    const { rows } = await executeSql("SELECT pg_relation_size('busy') AS bytes");
    return Number(rows[0].bytes);
  };
  await executeSql('CREATE TABLE "Quiet one" AS SELECT 1 AS id');
  await executeSql(
    "CREATE TABLE busy AS SELECT id, repeat('x', 500) AS text FROM generate_series(1, 1000) AS id",
  );
  expect(await tidy(database.queueDatabase)).toContain('public.busy');
  expect(await tidy(database.queueDatabase)).toEqual([]);
  const bytes = await pagesAfterChurn();
  expect(await pagesAfterChurn()).toBeLessThanOrEqual(bytes);
  await executeSql('INSERT INTO "Quiet one" SELECT * FROM generate_series(1, 100)');
  expect(await tidy(database.queueDatabase)).toEqual(['public."Quiet one"']);
});
