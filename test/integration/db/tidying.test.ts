/** The embedded database has no autovacuum: what stands for it. */
import { expect, test } from 'vitest';
import { tidy } from '../../../src/db/tidying.ts';
import { openBooks } from '../../support/books.ts';

test('tables of the embedded database that changed much are tidied, so that they do not grow for ever', async () => {
  await using books = await openBooks();
  const { database } = books;
  const { executeSql } = database.queueDatabase;
  const bytesAfterChurn = async () => {
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
  const bytes = await bytesAfterChurn();
  expect(await bytesAfterChurn()).toBeLessThanOrEqual(bytes);
  await executeSql('INSERT INTO "Quiet one" SELECT * FROM generate_series(1, 100)');
  expect(await tidy(database.queueDatabase)).toEqual(['public."Quiet one"']);
});
