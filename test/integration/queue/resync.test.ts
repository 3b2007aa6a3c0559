/** How a resync gets its products into the queue: on a real database and queue, with a portal that only lists. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../src/db/connection.ts';
import type { ProductId } from '../../../src/model/ids.ts';
import type { PortalClient } from '../../../src/portal/client.ts';
import { openQueue, type Queue } from '../../../src/queue/queue.ts';
import { createResync } from '../../../src/reconcile/resync.ts';
import { standingOf } from '../../../src/reconcile/standing.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Redactor } from '../../../src/telemetry/redact.ts';
import { type Books, newProductId, noteProduct, openBooks } from '../../support/books.ts';
import { eventually } from '../../support/world.ts';

const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });
const ground = 'ground';

let books: Books;
let database: Database;
let queue: Queue;
let products: readonly ProductId[];

beforeAll(async () => {
  books = await openBooks();
  database = books.database;
  queue = await openQueue(database, log);
});
beforeEach(async () => {
  await database.queueDatabase.executeSql('DELETE FROM queue.job');
  await database.sql.deleteFrom('product').execute();
  const fingerprint = standingOf('as it was', ground);
  products = await Promise.all(
    [1, 2, 3].map((n) => noteProduct(database.sql, `known ${n}`, { fingerprint })),
  );
});
afterAll(async () => {
  await queue?.[Symbol.asyncDispose]();
  await books?.[Symbol.asyncDispose]();
});

/** A resync over the three products, of which the portal says nothing new. */
function aResync(chunk: number) {
  const survey = async () => products.map((id) => ({ id, fingerprint: 'as it was' }));
  // Of the portal nothing else is asked.
  const portal = { survey } as unknown as PortalClient;
  return createResync(
    { portal, queue, database, log, ground: () => ground },
    { intervalMs: 60_000, chunk, thorough: false },
  );
}

const leads = { leads: true, [Symbol.asyncDispose]: async () => undefined };

test('a flood of fresh work that waits does not keep it from feeding the queue', async () => {
  const flood = Array.from({ length: 50 }, () => ({
    product: newProductId(),
    cause: { kind: 'resync' } as const,
  }));
  await queue.reconcile(flood);
  using resync = aResync(16);
  await resync.everything();
  await eventually('its jobs', async () => (await queue.backlog()) === 3);
});

test('it never has more in the queue than its chunk', async () => {
  using resync = aResync(2);
  await resync.everything();
  await eventually('its jobs', async () => (await queue.backlog()) === 2);
});

test('what an event asked to be looked at is found by the next start, when a process ends before it is in the queue', async () => {
  {
    using ended = aResync(0);
    await ended.everything();
  }
  expect(await queue.backlog()).toBe(0);
  using next = aResync(16);
  next.start(leads);
  await eventually('its jobs', async () => (await queue.backlog()) === 3);
});
