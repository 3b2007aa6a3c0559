/** The front door on a real database: what is answered, and what is stored. */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import express from 'express';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/db/connection.ts';
import { createDeliveries } from '../../../src/intake/deliveries.ts';
import type { ProofSecrets } from '../../../src/intake/proof.ts';
import { createIntakeRouter } from '../../../src/intake/router.ts';
import { OutputPortId, ProductId } from '../../../src/model/ids.ts';
import { Echoes } from '../../../src/portal/echoes.ts';
import { openQueue, type Queue } from '../../../src/queue/queue.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { Redactor } from '../../../src/telemetry/redact.ts';
import { noTracer } from '../../../src/telemetry/tracer.ts';
import { type Books, openBooks } from '../../support/books.ts';

const fixtures = 'test/fixtures/webhooks/v1';
const secret = 'super-secret-webhook-key';
const token = 'a-token-for-v2';
const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });

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

function door(secrets: Partial<ProofSecrets> = {}, into = database, echoes = new Echoes()) {
  const app = express();
  const all = { v1: [secret], tokens: [token], standard: [], allowUnsigned: false, ...secrets };
  app.use(
    createIntakeRouter({
      deliveries: createDeliveries(into, queue),
      secrets: all,
      log,
      metrics: createMetrics(),
      tracer: noTracer,
      isOwnFinalizer: (id) => echoes.isOwn(id),
    }),
  );
  app.use((error: { status?: number }, _request: unknown, response: express.Response, _next: unknown) => {
    response.status(error.status ?? 500).json({});
  });
  return request(app);
}

async function fixture(name: string) {
  const recorded = JSON.parse(await readFile(join(fixtures, `${name}.json`), 'utf8'));
  return {
    raw: Buffer.from(recorded.body_raw_base64, 'base64'),
    sign: String(recorded.headers.sign),
    affected: recorded.affected,
    /** Whether the portal did what it was asked. */
    done: recorded.body.status_code < 300,
  };
}

const post = (path: string, raw: Buffer, headers: Record<string, string>, secrets?: Partial<ProofSecrets>) =>
  door(secrets).post(path).set('content-type', 'application/json').set(headers).send(raw.toString());

async function jobsFor(product: string): Promise<number> {
  const { rows } = await database.queueDatabase.executeSql(
    'SELECT count(*) AS n FROM queue.job WHERE singleton_key = $1',
    [product],
  );
  return Number(rows[0].n);
}

async function allJobs(): Promise<number> {
  const { rows } = await database.queueDatabase.executeSql('SELECT count(*) AS n FROM queue.job');
  return Number(rows[0].n);
}

const cloudEvent = (type: string, data: Record<string, string>) =>
  Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id: 'e1',
      source: 'data-product-portal',
      type,
      time: '2026-01-01T00:00:00+00:00',
      data,
    }),
  );
const product = (n: number) => `10000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

describe('a v1 webhook', () => {
  test('of every recorded kind is answered 200 with a delivery id, and its products are queued', async () => {
    for (const file of await readdir(fixtures)) {
      const { raw, sign, affected, done } = await fixture(file.replace('.json', ''));
      const answer = await post('/', raw, { sign });
      expect(answer.status, file).toBe(200);
      expect(answer.body.delivery, file).toMatch(/^[0-9a-f-]{36}$/);
      for (const id of affected.named_in_webhook) {
        // Who lost a role is not told by its removal: everything is looked at.
        if (done && !file.includes('role-dp-delete')) expect(await jobsFor(id), file).toBe(1);
      }
    }
  });

  test('of our own finalizer is kept and leads to no run; one of somebody else’s does', async () => {
    const { raw, sign, affected } = await fixture('08-finalizer-add');
    const id = ProductId.parse(affected.named_in_webhook[0]);
    await database.queueDatabase.executeSql('DELETE FROM queue.job WHERE singleton_key = $1', [id]);
    const echoes = new Echoes();
    echoes.expect(id);
    const send = () =>
      door({}, database, echoes)
        .post('/')
        .set({ 'content-type': 'application/json', sign })
        .send(raw.toString());
    const { status, body } = await send();
    expect({ status, ...body }).toMatchObject({
      status: 200,
      verdict: 'ignored',
      reason: 'our own finalizer, just added',
    });
    expect(await jobsFor(id)).toBe(0);
    expect((await send()).body.verdict).toBe('accepted');
    expect(await jobsFor(id)).toBe(1);
  });

  test('with a wrong or missing signature is answered 401 and not stored', async () => {
    const { raw, sign } = await fixture('01-data-product-create');
    const count = () =>
      database.sql
        .selectFrom('delivery')
        .selectAll()
        .execute()
        .then((rows) => rows.length);
    const before = await count();
    expect(
      (await post('/', raw, { sign: sign.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) })).status,
    ).toBe(401);
    expect((await post('/webhooks/v1', raw, {})).status).toBe(401);
    expect(await count()).toBe(before);
  });

  test('is taken with any of several secrets', async () => {
    const { raw, sign } = await fixture('01-data-product-create');
    expect((await post('/', raw, { sign }, { v1: ['new-secret', secret] })).status).toBe(200);
    expect((await post('/', raw, { sign }, { v1: ['new-secret'] })).status).toBe(401);
  });

  test('of a failed call is stored as ignored with the reason, and makes no job', async () => {
    const { raw, sign } = await fixture('17-input-port-request-duplicate-400');
    const before = await allJobs();
    const answer = await post('/', raw, { sign });
    expect(answer.body).toMatchObject({ verdict: 'ignored', reason: expect.stringContaining('400') });
    expect(await allJobs()).toBe(before);
  });

  test('without a secret configured needs another proof, or the word of the operator', async () => {
    const { raw } = await fixture('01-data-product-create');
    const none = { v1: [], tokens: [], standard: [] };
    expect((await post('/', raw, {}, none)).status).toBe(401);
    expect((await post('/', raw, {}, { ...none, allowUnsigned: true })).status).toBe(200);
    expect((await post(`/?token=${token}`, raw, {}, { v1: [] })).status).toBe(200);
    // A token for v2 is no proof that the portal could give to v1.
    expect((await post('/', raw, {}, { v1: [], tokens: [token] })).status).toBe(401);
    expect((await post('/', raw, {}, { v1: [], tokens: [token], allowUnsigned: true })).status).toBe(200);
  });
});

describe('a v2 webhook', () => {
  const body = cloudEvent('data_product.event', { id: product(1) });

  test.each(['/', '/webhooks/v1', '/webhooks/v2'])(
    'on %s is told by its shape and answered 202',
    async (path) => {
      const answer = await post(path, body, { authorization: `Bearer ${token}` });
      expect(answer.status).toBe(202);
      expect(answer.body.verdict).toBe('accepted');
    },
  );

  test('may bring its token in the URL', async () => {
    expect((await post(`/webhooks/v2?token=${token}`, body, {})).status).toBe(202);
    expect((await post('/webhooks/v2?token=wrong', body, {})).status).toBe(401);
    expect((await post('/webhooks/v2', body, {})).status).toBe(401);
  });

  test('may be signed the Standard Webhooks way, within 5 minutes', async () => {
    const key = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0';
    const headers = (seconds: number) => {
      const text = `msg_1.${seconds}.${body.toString()}`;
      const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
      return {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(seconds),
        'webhook-signature': `v1,${signature}`,
      };
    };
    const now = Math.floor(Date.now() / 1000);
    const secrets = { standard: [`whsec_${key}`], tokens: [] };
    expect((await post('/webhooks/v2', body, headers(now), secrets)).status).toBe(202);
    expect((await post('/webhooks/v2', body, headers(now - 600), secrets)).status).toBe(401);
  });

  test('names its product and, by our own grants, the consumers of a port that is gone', async () => {
    const [provider, consumer] = [ProductId.parse(product(2)), ProductId.parse(product(3))];
    const port = OutputPortId.parse(product(4));
    await database.sql
      .insertInto('grant')
      .values({ consumer, provider, output_port: port, since: new Date() })
      .execute();
    await post('/', cloudEvent('output_port.event', { id: port, data_product_id: provider }), {
      authorization: `Bearer ${token}`,
    });
    expect(await jobsFor(provider)).toBe(1);
    expect(await jobsFor(consumer)).toBe(1);
  });

  test('that comes a hundred times leaves a hundred deliveries and one job', async () => {
    const again = cloudEvent('data_product.event', { id: product(5) });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => post('/', again, { authorization: `Bearer ${token}` })),
    );
    expect(new Set(answers.map((answer) => answer.body.delivery)).size).toBe(100);
    expect(await jobsFor(product(5))).toBe(1);
  });
});

describe('what is not a webhook', () => {
  test('of another content type is answered 415', async () => {
    expect((await door().post('/').set('content-type', 'text/plain').send('{}')).status).toBe(415);
  });

  test.each(['{', '{"a":}', '\u0000', '[1,]'])('not JSON (%j) is answered 400', async (text) => {
    const answer = await door().post('/').set('content-type', 'application/json').send(text);
    expect(answer.status).toBe(400);
  });

  test('over 1 MiB is answered 413', async () => {
    const large = JSON.stringify({ text: 'x'.repeat(1024 * 1024) });
    expect((await door().post('/').set('content-type', 'application/json').send(large)).status).toBe(413);
  });

  test('but proven JSON of another shape is accepted and ignored', async () => {
    const text = '{"hello": 1}';
    const sign = createHmac('sha512', secret).update(text).digest('hex');
    const answer = await post('/', Buffer.from(text), { sign });
    expect(answer.status).toBe(200);
    expect(answer.body.verdict).toBe('ignored');
  });
});

test('webhooks over connections that open all at once share commits', async () => {
  const { raw, sign } = await fixture('01-data-product-create');
  const app = express();
  const secrets: ProofSecrets = { v1: [secret], tokens: [], standard: [], allowUnsigned: false };
  app.use(
    createIntakeRouter({
      tracer: noTracer,
      deliveries: createDeliveries(database, queue),
      secrets,
      log,
      metrics: createMetrics(),
    }),
  );
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    // With an agent of its own, each has a connection of its own.
    const send = () =>
      request(server).post('/').set({ 'content-type': 'application/json', sign }).send(raw.toString());
    const answers = await Promise.all(Array.from({ length: 48 }, send));
    const ids = answers.map((answer) => String(answer.body.delivery));
    const { rows } = await database.queueDatabase.executeSql(
      'SELECT count(DISTINCT xmin::text) AS commits FROM provisioner.delivery WHERE id = ANY($1::uuid[])',
      [ids],
    );
    expect(new Set(ids).size).toBe(48);
    expect(Number(rows[0].commits)).toBeLessThan(16);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('while the database is away the answer is 503, and nothing is said to be taken', async () => {
  const other = await openBooks();
  await other[Symbol.asyncDispose]();
  const { raw, sign } = await fixture('01-data-product-create');
  const answer = await door({}, other.database)
    .post('/')
    .set('content-type', 'application/json')
    .set({ sign })
    .send(raw.toString());
  expect(answer.status).toBe(503);
  expect(answer.body).not.toHaveProperty('delivery');
});

test('no body reaches the database: only what names something', async () => {
  const mark = createHash('sha256').update('people write things').digest('hex');
  const text = `{"method": "POST", "url": "/api/v2/data_products", "query": "", "response": "{\\"secret\\": \\"${mark}\\"}", "status_code": 422}`;
  const sign = createHmac('sha512', secret).update(text).digest('hex');
  await post('/', Buffer.from(text), { sign });
  const rows = await database.sql.selectFrom('delivery').selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain(mark);
});
