/** Claims of one process at a time, whatever the processes' clocks say. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/connection.ts';
import { claimLease, whileLeased } from '../../src/db/lease.ts';
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

test('work under a lease is done by one process after the other, for as long as it takes', async () => {
  await using server = await startPostgres();
  await using one = await openDatabase(server.url);
  await using other = await openDatabase(server.url);
  const story: string[] = [];
  const { signal } = new AbortController();
  const begun = Promise.withResolvers<void>();
  const work = (name: string) => async () => {
    story.push(`${name} begins`);
    begun.resolve();
    // Longer than a lease that nobody renews.
    await pause(700);
    story.push(`${name} ends`);
  };
  const options = { name: 'long work', leaseMs: 300, signal };
  const first = whileLeased(one.sql, { ...options, work: work('first') });
  await begun.promise;
  await Promise.all([first, whileLeased(other.sql, { ...options, work: work('second') })]);
  expect(story).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
});

test('who waits for a lease goes when the process stops', async () => {
  await using server = await startPostgres();
  await using one = await openDatabase(server.url);
  await claimLease(one.sql, 'held', randomUUID(), 60_000);
  const stopping = new AbortController();
  const work = () => Promise.reject(new Error('it was not free'));
  const waiting = whileLeased(one.sql, { name: 'held', leaseMs: 60_000, signal: stopping.signal, work });
  stopping.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
});
