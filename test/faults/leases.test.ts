/** Claims of one process at a time, whatever the processes' clocks say. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/connection.ts';
import { claimLease } from '../../src/db/lease.ts';
import { startPostgres } from '../support/postgres.ts';
import { eventually } from '../support/world.ts';

test('a lease is one holder’s until its time is over by the database’s clock', async () => {
  await using server = await startPostgres();
  await using one = await openDatabase(server.url);
  await using other = await openDatabase(server.url);
  const [first, second] = [randomUUID(), randomUUID()];
  expect(await claimLease(one.sql, 'work', first, 1000)).toBe(true);
  expect(await claimLease(other.sql, 'work', second, 1000)).toBe(false);
  expect(await claimLease(one.sql, 'work', first, 1000)).toBe(true);
  await eventually('the end of it', () => claimLease(other.sql, 'work', second, 60_000));
  expect(await claimLease(one.sql, 'work', first, 1000)).toBe(false);
});
