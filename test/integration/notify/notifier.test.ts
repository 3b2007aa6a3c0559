/** The book of messages on a real database, with a real receiver. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { currentKeyChanges, noteIssued } from '../../../src/db/access-keys.ts';
import { insertApiKey } from '../../../src/db/api-keys.ts';
import { engageBrake, releaseBrake } from '../../../src/db/brake.ts';
import { type Database, openDatabase } from '../../../src/db/connection.ts';
import { runInsert } from '../../../src/db/history.ts';
import { setProductPause } from '../../../src/db/pauses.ts';
import { changeProduct, claimHome } from '../../../src/db/products.ts';
import { changeTogether } from '../../../src/db/together.ts';
import { wakeChange } from '../../../src/db/wake.ts';
import type { Condition } from '../../../src/model/condition.ts';
import type { HomeName } from '../../../src/model/home.ts';
import { ProductId, RunId } from '../../../src/model/ids.ts';
import { noticeKinds } from '../../../src/model/notice.ts';
import { type NotifierOptions, startNotifier } from '../../../src/notify/notifier.ts';
import { loadTexts } from '../../../src/notify/texts.ts';
import { webhookChannel } from '../../../src/notify/webhook.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { Redactor } from '../../../src/telemetry/redact.ts';
import { startPostgres } from '../../support/postgres.ts';
import { type HttpReceiver, startHttpReceiver } from '../../support/receivers.ts';
import { eventually } from '../../support/world.ts';

const secret = `whsec_${Buffer.from('a key of thirty-two bytes, right').toString('base64')}`;
const Payload = z.object({
  type: z.string(),
  data: z.object({
    reason: z.string(),
    title: z.string(),
    about: z.array(z.object({ subject: z.string() })),
  }),
});

const dayMs = 86_400_000;
let database: Database;
let receiver: HttpReceiver;

const embedded = async () => {
  const stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-notify-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  return { stack, url: folder };
};
const server = async () => {
  const stack = new AsyncDisposableStack();
  return { stack, url: stack.use(await startPostgres()).url };
};

describe.each([
  ['the embedded database', embedded],
  ['a PostgreSQL server', server],
])('on %s', (_engine, open) => {
  let stack: AsyncDisposableStack;

  beforeAll(async () => {
    const opened = await open();
    stack = opened.stack;
    database = stack.use(await openDatabase(opened.url));
  });
  afterAll(() => stack?.disposeAsync());
  afterEach(async () => {
    for (const table of ['notification', 'product', 'access_key', 'api_key', 'brake', 'wake', 'run'] as const)
      await database.sql.deleteFrom(table).execute();
  });
  test('many products with the same trouble share a message, and one more when it is over', async () => {
    const ids = await Promise.all(Array.from({ length: 300 }, (_each, index) => product(`home-${index}`)));
    for (const id of ids) await say(id, degraded);
    await using _running = await start();
    await eventually('the message', () => types().length > 0);
    expect(types()).toEqual(['provisioner.degraded.raised StoreDenied 300']);
    await allReady();
    await eventually('the good word', () => types().length > 1);
    expect(types()[1]).toBe('provisioner.degraded.recovered StoreDenied 300');
    await eventually('an empty book', async () => (await book()).length === 0);
  });

  test('what is over before its time is not told', async () => {
    await say(await product('brief'), degraded);
    await using _running = await start({ afterMs: 60_000 });
    await eventually('the note', async () => (await book()).length > 0);
    await allReady();
    await eventually('the end of the note', async () => (await book()).length === 0);
    expect(receiver.received).toEqual([]);
  });

  test('what lasts is told again after the set time, not before', async () => {
    const id = await product('lasting');
    await say(id, degraded);
    await using _running = await start();
    await eventually('the note of it', async () => (await book())[0]?.told_at instanceof Date);
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    await database.sql.updateTable('notification').set({ told_at: longAgo }).execute();
    await eventually('the second', () => types().length === 2);
    await eventually('the note of it', async () => {
      const [row] = await database.sql.selectFrom('notification').selectAll().execute();
      return (row?.told_at?.getTime() ?? 0) > longAgo.getTime();
    });
    expect(types()).toHaveLength(2);
    const [first, second] = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(second).not.toBe(first);
  });

  test('what was degraded and now needs a person is told at once, and once', async () => {
    const id = await product('worse');
    await say(id, degraded);
    await using _running = await start();
    await eventually('the first', () => types().length === 1);
    await wakeChange(database.sql, id, null, 5).execute();
    await eventually('the second', () => types().length === 2);
    await eventually('the note of it', async () => (await book())[0]?.next_at === null);
    await allReady();
    await eventually('the good word', () => types().length === 3);
    expect(types()).toEqual([
      'provisioner.degraded.raised StoreDenied 1',
      'provisioner.parked.raised StoreDenied 1',
      'provisioner.parked.recovered StoreDenied 1',
    ]);
  });

  test('what waits to be told is told as it is then', async () => {
    const id = await product('changing');
    await say(id, degraded);
    await using _running = await start({ afterMs: 60_000 });
    await eventually('the note', async () => (await book()).length > 0);
    await say(id, { ...degraded, message: 'No, and this is why.' });
    await eventually('the news', async () => (await book())[0]?.facts.message === 'No, and this is why.');
    expect(receiver.received).toEqual([]);
    await wakeChange(database.sql, id, null, 5).execute();
    await eventually('the message', () => types().length > 0);
    expect(types()).toEqual(['provisioner.parked.raised StoreDenied 1']);
    expect(receiver.received[0]?.body).toContain('No, and this is why.');
  });

  test('what nobody wants to hear of any more is not over: it is forgotten without a word', async () => {
    const id = await product('unwanted');
    await say(id, degraded);
    await using before = await start();
    await eventually('the note of it', async () => (await book())[0]?.told_at instanceof Date);
    await before[Symbol.asyncDispose]();
    await using _after = await start({ kinds: ['brake'] });
    await engageBrake(database.sql, 'gone', new Date());
    await eventually('the brake', () => types().length > 0);
    expect(types()).toEqual(['provisioner.brake.raised Brake 1']);
    expect(await book()).toHaveLength(1);
  });

  test('what goes on in a way that nobody wants to hear of is not over', async () => {
    const id = await product('parked');
    await say(id, degraded);
    await using _running = await start({ kinds: ['degraded', 'brake'] });
    await eventually('the message', () => types().length === 1);
    await wakeChange(database.sql, id, null, 5).execute();
    await engageBrake(database.sql, 'gone', new Date());
    await eventually('what came after it', () => types().length > 1);
    expect(types()).toEqual([
      'provisioner.degraded.raised StoreDenied 1',
      'provisioner.brake.raised Brake 1',
    ]);
  });

  test('a lasting key that could not be renewed is told, until there is another; a paused product’s is not', async () => {
    const [id, paused] = [await product('old'), await product('paused')];
    await setProductPause(database.sql, paused, 'anna', new Date());
    const age = (days: number) => new Date(Date.now() - days * dayMs);
    for (const [owner, key] of [
      [id, 'AKIAOLD'],
      [paused, 'AKIAPAUSED'],
    ] as const) {
      await noteIssued(database.sql, owner, { id: key, secretSha256: 'x', expiresAt: null }, age(32));
      await changeTogether(database.sql, currentKeyChanges(database.sql, owner, key, age(32)));
    }
    await using _running = await start();
    await eventually('the message', () => types().length > 0);
    expect(types()).toEqual(['provisioner.key.raised KeyTooOld 1']);
    expect(messages()[0]?.data.about).toEqual([expect.objectContaining({ subject: id })]);
    await database.sql
      .updateTable('access_key')
      .set({ issued_at: age(30.5) })
      .execute();
    await eventually('the good word', () => types().includes('provisioner.key.recovered KeyTooOld 1'));
  });

  test('a key to the API that ends soon is told; one that ended, or that has long to go, is not', async () => {
    const inDays = (days: number) => new Date(Date.now() + days * dayMs);
    const key = { role: 'viewer', madeAt: inDays(-80), madeBy: 'anna', sha256: 'x' } as const;
    await database.sql.transaction().execute(async (trx) => {
      await insertApiKey(trx, { ...key, id: 'soon', name: 'ci', expiresAt: inDays(6) });
      await insertApiKey(trx, { ...key, id: 'over', name: 'gone', expiresAt: inDays(-1) });
      await insertApiKey(trx, { ...key, id: 'long', name: 'young', expiresAt: inDays(8) });
      await insertApiKey(trx, {
        ...key,
        id: 'short',
        name: 'brief',
        madeAt: new Date(),
        expiresAt: inDays(1),
      });
    });
    await using _running = await start();
    await eventually('the message', () => types().length > 0);
    expect(messages()).toMatchObject([
      {
        type: 'provisioner.api-key.raised',
        data: { title: "The key ci to the provisioner's API ends soon" },
      },
    ]);
    expect(await book()).toHaveLength(1);
  });

  test('a key that was not renewed in time, and the brake, are told', async () => {
    const id = await product('ending');
    const now = Date.now();
    const key = { id: 'AKIAENDING', secretSha256: 'x', expiresAt: new Date(now + 600_000) };
    await noteIssued(database.sql, id, key, new Date(now - 3_600_000));
    await changeTogether(database.sql, currentKeyChanges(database.sql, id, key.id, new Date()));
    await engageBrake(database.sql, '9 of 10 products went away', new Date());
    await using _running = await start();
    await eventually('both', () => types().length === 2);
    expect(types().toSorted()).toEqual([
      'provisioner.brake.raised Brake 1',
      'provisioner.key.raised KeyEnds 1',
    ]);
    await database.sql.transaction().execute(releaseBrake);
    await eventually('the release', () => types().includes('provisioner.brake.recovered Brake 1'));
  });

  test('a product that never got a home is told by its id, with what its last run failed with', async () => {
    const id = ProductId.parse(randomUUID());
    const failure = { code: 'STORE_DENIED', message: 'The store refused us.' } as const;
    const run = { id: RunId.parse(randomUUID()), product: id, startedAt: new Date(), ms: 1, actions: [] };
    await runInsert(database.sql, { ...run, cause: { kind: 'resync' }, error: failure }).execute();
    await wakeChange(database.sql, id, null, 1).execute();
    await using _running = await start();
    await eventually('the message', () => types().length > 0);
    expect(types()).toEqual(['provisioner.parked.raised NoHomeYet 1']);
    expect(receiver.received[0]?.body).toContain('The store refused us.');
  });

  test('kinds that nobody wants are not told', async () => {
    await say(await product('quiet'), degraded);
    await engageBrake(database.sql, 'gone', new Date());
    await using _running = await start({ kinds: ['brake'] });
    await eventually('the brake', () => types().length > 0);
    expect(types()).toEqual(['provisioner.brake.raised Brake 1']);
  });

  test('a key that others may have known is told with where it lay, and no second time the same day', async () => {
    const id = await product('leaky');
    await using running = await start();
    const ending = { product: id, conditions: null, parked: false, drift: [] };
    running.notifier.onRun({ ...ending, leak: 'it lies in the workspace’s git history' });
    await eventually('the message', () => types().length > 0);
    running.notifier.onRun({ ...ending, leak: 'everybody could read it in "notes.txt"' });
    await engageBrake(database.sql, 'gone', new Date());
    await eventually('what came after it', () => types().length > 1);
    expect(types()).toEqual(['provisioner.leak.raised KeyLeaked 1', 'provisioner.brake.raised Brake 1']);
    expect(receiver.received[0]?.body).toContain('git history');
  });

  test('a receiver that fails gets the same message again, with the same id', async () => {
    await engageBrake(database.sql, 'gone', new Date());
    await using _running = await start();
    receiver.answer(500);
    await eventually('the second try', () => receiver.received.length === 2, 30_000);
    const [first, second] = receiver.received;
    expect([first?.answered, second?.answered]).toEqual([500, 200]);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  });

  test('of two daemons on one database one sends', async () => {
    await engageBrake(database.sql, 'gone', new Date());
    await using shared = await startHttpReceiver();
    const channels = [webhookChannel(shared.url, secret)];
    await using _first = await start({ channels });
    await using _second = await start({ channels });
    await eventually('the note', async () => {
      const rows = await database.sql.selectFrom('notification').select('told_at').execute();
      return rows.length === 1 && rows[0]?.told_at !== null;
    });
    expect(shared.received).toHaveLength(1);
  });
});

async function start(options: Partial<NotifierOptions> = {}) {
  const stack = new AsyncDisposableStack();
  receiver = stack.use(await startHttpReceiver());
  const redactor = new Redactor();
  const notifier = stack.use(
    startNotifier({
      database,
      channels: [webhookChannel(receiver.url, secret)],
      texts: await loadTexts(undefined),
      kinds: noticeKinds,
      keyMaxAgeMs: 30 * dayMs,
      afterMs: 0,
      repeatMs: 3_600_000,
      lookEveryMs: 100,
      log: createLogger({ format: 'json', level: 'error', colour: false, redactor }),
      metrics: createMetrics(),
      ...options,
    }),
  );
  return { notifier, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const messages = () => receiver.received.map(({ body }) => Payload.parse(JSON.parse(body)));
const types = () => messages().map(({ type, data }) => `${type} ${data.reason} ${data.about.length}`);
const degraded = { type: 'Degraded', status: true, reason: 'StoreDenied', message: 'No.' } as const;
const ready = { type: 'Ready', status: true, reason: 'HomeInOrder', message: 'Yes.' } as const;

async function product(name: string): Promise<ProductId> {
  const id = ProductId.parse(randomUUID());
  await claimHome(database.sql, { id, name, namespace: name }, name as HomeName, new Date());
  return id;
}
const say = (id: ProductId, condition: Condition) =>
  changeProduct(database.sql, id, { conditions: [condition] }, new Date());
/** All at once: a look between two of them would make two messages of it. */
const allReady = () =>
  database.sql
    .updateTable('product')
    .set({ conditions: JSON.stringify([ready]) })
    .execute();
const book = () => database.sql.selectFrom('notification').selectAll().execute();
