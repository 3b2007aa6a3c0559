/** The queue under several processes: what PostgreSQL lets two of them see at the same moment. */
import { randomUUID } from 'node:crypto';
import { CompiledQuery } from 'kysely';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/connection.ts';
import { ProductId } from '../../src/model/ids.ts';
import { priorities, queueNames } from '../../src/queue/jobs.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Redactor } from '../../src/telemetry/redact.ts';
import { startPostgres } from '../support/postgres.ts';
import { eventually } from '../support/world.ts';

const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });
const cause = { kind: 'resync' } as const;

async function openReplicas(url: string, count: number) {
  const started = new AsyncDisposableStack();
  const open = async () => {
    const database = started.use(await openDatabase(url));
    return { database, queue: started.use(await openQueue(database, log)) };
  };
  const replicas = await Promise.all(Array.from({ length: count }, open));
  return { replicas, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

test('a product with fresh and unhurried work is claimed by one process at a time, whoever asks at once', async () => {
  await using server = await startPostgres();
  await using estate = await openReplicas(server.url, 4);
  const [first] = estate.replicas;
  if (first === undefined) throw new Error('there is no replica');
  for (let round = 0; round < 12; round += 1) {
    const products = Array.from({ length: 8 }, () => ProductId.parse(randomUUID()));
    const jobs = products.map((product) => ({ product, cause }));
    await first.queue.reconcile(jobs);
    await first.queue.reconcile(jobs, priorities.resync);
    const claimed = await Promise.all(
      estate.replicas.map(({ queue }) => queue.claim(queueNames.reconcile, 8)),
    );
    const owners = claimed.flat().map(({ data }) => (data as { product: string }).product);
    expect(owners.toSorted()).toEqual([...new Set(owners)].toSorted());
    await first.database.sql.executeQuery(CompiledQuery.raw('delete from queue.job'));
  }
});

test('work that was committed before its claim comes after that of the run before it, never beside it', async () => {
  await using server = await startPostgres();
  await using estate = await openReplicas(server.url, 2);
  const [one, other] = estate.replicas;
  if (one === undefined || other === undefined) throw new Error('there is no replica');
  const product = ProductId.parse(randomUUID());
  await one.queue.reconcile([{ product, cause }]);
  const [running] = await one.queue.claim(queueNames.reconcile, 1);
  await other.queue.reconcile([{ product, cause }]);
  await other.queue.reconcile([{ product, cause }]);
  expect(await other.queue.claim(queueNames.reconcile, 5)).toEqual([]);
  if (running === undefined) throw new Error('nothing was claimed');
  await one.queue.finish(queueNames.reconcile, running);
  expect(await other.queue.claim(queueNames.reconcile, 5)).toHaveLength(1);
  expect(await other.queue.claim(queueNames.reconcile, 5)).toEqual([]);
});

test('a process that was frozen, and whose claim another one took over, neither ends nor prolongs that one’s', async () => {
  await using server = await startPostgres();
  await using estate = await openReplicas(server.url, 2);
  const [frozen, other] = estate.replicas;
  if (frozen === undefined || other === undefined) throw new Error('there is no replica');
  const product = ProductId.parse(randomUUID());
  await frozen.queue.reconcile([{ product, cause }]);
  const [old] = await frozen.queue.claim(queueNames.reconcile, 1);
  if (old === undefined) throw new Error('nothing was claimed');
  const { sql } = other.database;
  // As if it had been silent for a minute: the other process's watch gives the job back.
  await sql.executeQuery(
    CompiledQuery.raw(
      `update queue.job set heartbeat_on = now() - interval '1 minute' where id = '${old.id}'`,
    ),
  );
  const [taken] = await eventually('the take-over', async () => {
    const claims = await other.queue.claim(queueNames.reconcile, 1);
    return claims.length > 0 ? claims : null;
  });
  await frozen.queue.finish(queueNames.reconcile, old);
  await frozen.queue.giveBack(queueNames.reconcile, old);
  await frozen.queue.reconcile([{ product, cause }]);
  expect(taken?.id).toBe(old.id);
  expect(await frozen.queue.claim(queueNames.reconcile, 1)).toEqual([]);
  expect(await frozen.queue.depth(queueNames.reconcile)).toMatchObject({ running: 1, waiting: 1 });
});
