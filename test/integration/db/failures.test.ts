/** What callers see of a database that is away, and of a statement that is wrong. */
import { sql as raw } from 'kysely';
import { expect, test } from 'vitest';
import { connectDatabase } from '../../../src/db/connection.ts';
import { asProvisionerError } from '../../../src/model/errors.ts';
import { startPostgres } from '../../support/postgres.ts';
import { eventually } from '../../support/world.ts';

test('a server that is away is a passing trouble by its name, for statements, transactions and the queue alike', async () => {
  const server = await startPostgres();
  await using database = await connectDatabase(server.url);
  const asks = [
    () => raw`SELECT 1`.execute(database.sql),
    () => database.sql.transaction().execute((trx) => raw`SELECT 1`.execute(trx)),
    () => database.queueDatabase.executeSql('SELECT 1'),
  ];
  for (const ask of asks) await ask();
  await server[Symbol.asyncDispose]();
  for (const ask of asks)
    await expect(ask()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryable: true });
});

test('a connection that the server ends in the middle of a statement is a passing trouble, too', async () => {
  await using server = await startPostgres();
  await using database = await connectDatabase(server.url);
  const ended = raw`SELECT pg_terminate_backend(pg_backend_pid())`.execute(database.sql);
  await expect(ended).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  await eventually('an answer', () =>
    raw`SELECT 1`.execute(database.sql).then(
      () => true,
      () => false,
    ),
  );
});

test('a statement that is wrong is a fault of ours', async () => {
  await using server = await startPostgres();
  await using database = await connectDatabase(server.url);
  const thrown = await raw`SELECT nothing FROM nowhere`
    .execute(database.sql)
    .catch((error: unknown) => error);
  expect(asProvisionerError(thrown)).toMatchObject({ code: 'INTERNAL', needs: 'fix' });
});
