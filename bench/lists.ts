/** The API's lists over real HTTP, on books as years of work leave them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createApi } from '../src/api/v1/router.ts';
import { createGuard } from '../src/auth/guard.ts';
import type { Commands } from '../src/control/commands.ts';
import { openDatabase } from '../src/db/connection.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { Redactor } from '../src/telemetry/redact.ts';
import { fillEstate } from '../test/support/estate.ts';
import { percentile } from './percentile.ts';

export interface ListResult {
  readonly path: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

const key = 'a-key-of-this-bench-0123456789-0123456789';
const size = { products: 10_000, runs: 100_000, deliveries: 100_000, inputs: 2 };
const times = 60;

/** @param database a folder that is empty, or an empty database of a server */
export async function measureLists(database: string): Promise<readonly ListResult[]> {
  await using started = new AsyncDisposableStack();
  const opened = started.use(await openDatabase(database));
  await fillEstate(opened.sql, size);
  const { id } = await opened.sql
    .selectFrom('product')
    .select('id')
    .where('home', '=', 'product-777')
    .executeTakeFirstOrThrow();
  const server = createServer(appOn(opened.sql));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  started.defer(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
  const paths = [
    '/overview',
    '/products',
    '/products?sort=condition',
    '/products?sort=updated',
    '/products?search=product%209999',
    '/products?search=nothing',
    '/products?condition=Degraded',
    `/products/${id}`,
    '/runs',
    '/runs?outcome=failed',
    `/runs?product=${id}`,
    '/deliveries',
    '/deliveries?verdict=ignored',
    `/deliveries?product=${id}`,
    '/grants',
    `/grants?provider=${id}`,
  ];
  const results: ListResult[] = [];
  for (const path of paths)
    results.push({ path: path.replace(id, '{product}'), ...(await measure(`${url}${path}`)) });
  return results;
}

async function measure(url: string) {
  const lengths: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const began = performance.now();
    const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    lengths.push(performance.now() - began);
  }
  return { p50Ms: percentile(lengths, 50), p95Ms: percentile(lengths, 95) };
}

function appOn(db: Awaited<ReturnType<typeof openDatabase>>['sql']): express.Express {
  const clock = () => new Date();
  const guard = createGuard({
    db,
    cookies: { secret: key, secure: false },
    adminKey: key,
    oidc: false,
    loopback: true,
    controlFolder: '/nonexistent',
    publicHost: undefined,
    clock,
  });
  const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });
  const jobs = async () => ({ waiting: 0, running: 0, oldestMs: 0 });
  const app = express();
  app.use(
    '/api/v1',
    createApi({
      db,
      commands: noOrders,
      jobs,
      store: () => null,
      clock,
      version: 'bench',
      guard,
      secure: false,
      log,
    }),
  );
  return app;
}

const refuse = () => Promise.reject(new Error('this bench only reads'));
const noOrders: Commands = {
  reconcile: refuse,
  rotate: refuse,
  pause: refuse,
  resume: refuse,
  undelete: refuse,
  releaseTemplate: refuse,
  releaseBrake: refuse,
  replay: refuse,
  plan: refuse,
  planAll: () => {
    throw new Error('this bench only reads');
  },
};
