/** How a worker takes its jobs: each at once, and without asking for what can not be there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../../src/db/connection.ts';
import type { ProductId } from '../../../src/model/ids.ts';
import { priorities, queueNames, ReconcileJob } from '../../../src/queue/jobs.ts';
import { openQueue, type Queue } from '../../../src/queue/queue.ts';
import { createWorker } from '../../../src/queue/worker.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Redactor } from '../../../src/telemetry/redact.ts';
import { type Books, newProductId, openBooks } from '../../support/books.ts';
import { eventually } from '../../support/world.ts';

const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });
const cause = { kind: 'resync' } as const;

let books: Books;
let database: Database;
let queue: Queue;

beforeAll(async () => {
  books = await openBooks();
  database = books.database;
  queue = await openQueue(database, log);
});
afterAll(async () => {
  await queue?.[Symbol.asyncDispose]();
  await books?.[Symbol.asyncDispose]();
});

/** A worker whose runs wait for their turn to end; `claims` counts how often it asked. */
function aWorker() {
  const runs: { readonly product: ProductId; readonly end: () => void }[] = [];
  let claims = 0;
  const counted: Queue = Object.assign(Object.create(queue), {
    claim: (...words: Parameters<Queue['claim']>) => {
      claims += 1;
      return queue.claim(...words);
    },
    // Methods of the queue look for its private parts at the queue itself.
    finish: queue.finish.bind(queue),
    refresh: queue.refresh.bind(queue),
    onWake: queue.onWake.bind(queue),
  });
  const worker = createWorker({
    queue: counted,
    name: queueNames.reconcile,
    slots: 4,
    log,
    run: (data) => {
      const { product } = ReconcileJob.parse(data);
      const { promise, resolve } = Promise.withResolvers<void>();
      runs.push({ product, end: resolve });
      return promise;
    },
  });
  worker.start();
  return {
    runs,
    claims: () => claims,
    [Symbol.asyncDispose]: async () => {
      for (const { end } of runs) end();
      await worker.stop(1000);
    },
  };
}

test('what comes for a product while its run is under way begins when that ends, and is not asked for before', async () => {
  await using worker = aWorker();
  const product = newProductId();
  await eventually('its first look', () => worker.claims() === 1);
  await queue.reconcile([{ product, cause }]);
  await eventually('the run', () => worker.runs.length === 1);
  const before = worker.claims();
  for (let times = 0; times < 5; times += 1) await queue.reconcile([{ product, cause }]);
  // At most the look that comes every two seconds.
  expect(worker.claims() - before).toBeLessThanOrEqual(1);
  worker.runs[0]?.end();
  await eventually('the run after it', () => worker.runs.length === 2);
  expect(worker.runs.map((run) => run.product)).toEqual([product, product]);
});

test('more than there are slots for is taken as they get free', async () => {
  await using worker = aWorker();
  const products = Array.from({ length: 10 }, newProductId);
  await queue.reconcile(products.map((product) => ({ product, cause })));
  for (let ended = 0; ended < 10; ended += 1) {
    await eventually('a run', () => worker.runs.length > ended);
    worker.runs[ended]?.end();
  }
  expect(new Set(worker.runs.map((run) => run.product))).toEqual(new Set(products));
});

test('of four slots, work in no hurry leaves one to what somebody waits for, and takes the others as they get free', async () => {
  await using worker = aWorker();
  const slow = Array.from({ length: 6 }, newProductId);
  await queue.reconcile(
    slow.map((product) => ({ product, cause })),
    priorities.resync,
  );
  await eventually('three runs', () => worker.runs.length === 3);
  const fresh = newProductId();
  await queue.reconcile([{ product: fresh, cause }]);
  await eventually('the fourth', () => worker.runs.length === 4);
  expect(worker.runs[3]?.product).toBe(fresh);
  for (let ended = 0; ended < 7; ended += 1) {
    await eventually('a run', () => worker.runs.length > ended);
    worker.runs[ended]?.end();
  }
  expect(new Set(worker.runs.map((run) => run.product))).toEqual(new Set([...slow, fresh]));
});
