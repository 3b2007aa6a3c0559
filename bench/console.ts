/** How long the console and the API take over a large estate, and what open pages cost; in a process of its own. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openDatabase } from '../src/db/connection.ts';
import { fillEstate } from '../test/support/estate.ts';
import { percentile } from './percentile.ts';
import { type BenchStage, setBenchStage, startBenchMinistack } from './stage.ts';

/** The 95th percentile of whole answers, and of first bytes. */
export interface Answers {
  readonly path: string;
  readonly p95Ms: number;
  readonly firstByteP95Ms: number;
}

export interface ConsoleFindings {
  readonly answers: readonly Answers[];
  /** Share of one core that the daemon uses, in percent: with nobody there, and with pages open. */
  readonly idlePercent: number;
  readonly watchedPercent: number;
  /** … while something happens every second. */
  readonly busyPercent: number;
}

const size = { products: 10_000, runs: 100_000, deliveries: 100_000, inputs: 2 };
const tries = 40;
const openPages = 50;
const watchedMs = 20_000;

/** @param database a PostgreSQL URL; left out: an embedded database in a folder of its own */
export async function measureConsole(database?: string): Promise<ConsoleFindings> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-bench-console-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const address = database ?? join(folder, 'data');
  const ids = await fill(address);
  const portalUrl = await startQuietPortal(started);
  const stage = started.use(
    await setBenchStage({ startStore: startBenchMinistack, database: address, metered: false, portalUrl }),
  );
  const answers: Answers[] = [];
  for (const path of pathsOf(ids)) answers.push(await measure(stage.url, path));
  const idlePercent = await shareOfCore(stage.cpuMs, watchedMs);
  const closing = new AbortController();
  for (let page = 0; page < openPages; page += 1) void keepOpen(stage.url, closing.signal);
  const watchedPercent = await shareOfCore(stage.cpuMs, watchedMs);
  const ticking = setInterval(() => void deliver(stage), 1000);
  const busyPercent = await shareOfCore(stage.cpuMs, watchedMs);
  clearInterval(ticking);
  closing.abort();
  return { answers, idlePercent, watchedPercent, busyPercent };
}

/** Says of every product that it asked for nothing, and does not tell which there are: nothing is torn down. */
async function startQuietPortal(started: AsyncDisposableStack): Promise<string> {
  const server = createServer((request, response) => {
    const known = request.url?.includes('/input_ports') === true;
    response.writeHead(known ? 200 : 503, { 'content-type': 'application/json' });
    response.end(known ? '{"input_ports":[]}' : '{}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  started.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A page with the list of deliveries, as a browser keeps it: told of a change it asks for its part anew. */
async function keepOpen(url: string, signal: AbortSignal): Promise<void> {
  const headers = { 'HX-Request': 'true', 'HX-Target': 'live' };
  try {
    const stream = await fetch(`${url}/console/events`, { signal });
    for await (const chunk of stream.body ?? []) {
      if (!/event: (ready|deliveries)/.test(Buffer.from(chunk).toString())) continue;
      const answer = await fetch(`${url}/console/deliveries`, { headers, signal });
      await answer.arrayBuffer();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** A webhook that is noted and makes no work. */
async function deliver({ url, secret }: BenchStage): Promise<void> {
  const body = JSON.stringify({
    specversion: '1.0',
    type: 'nothing.of.ours',
    id: randomUUID(),
    source: 'bench',
    data: {},
  });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
  const answer = await fetch(`${url}/webhooks/v2`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`a webhook was answered with ${answer.status}`);
}

interface Ids {
  readonly product: string;
  readonly other: string;
  readonly run: string;
  readonly delivery: string;
}

async function fill(address: string): Promise<Ids> {
  await using database = await openDatabase(address);
  await fillEstate(database.sql, size);
  const one = async (table: 'run' | 'delivery') =>
    (await database.sql.selectFrom(table).select('id').limit(1).executeTakeFirstOrThrow()).id;
  const [product, other] = await database.sql.selectFrom('product').select('id').limit(2).execute();
  if (product === undefined || other === undefined) throw new Error('the estate is empty');
  return { product: product.id, other: other.id, run: await one('run'), delivery: await one('delivery') };
}

function pathsOf({ product, other, run, delivery }: Ids): readonly string[] {
  const pages = [
    '',
    '/products',
    '/products?sort=name',
    '/products?q=product+77',
    `/products/${product}`,
    `/access`,
    `/access?reader=${product}&source=${other}`,
    '/graph',
    `/graph?focus=${product}&depth=2`,
    '/runs',
    '/runs?outcome=failed',
    `/runs/${run}`,
    '/deliveries',
    `/deliveries/${delivery}`,
    '/audit',
  ];
  const lists = ['overview', 'products', `products/${product}`, 'runs', 'deliveries', 'grants', 'audit'];
  return [...pages.map((path) => `/console${path}`), ...lists.map((path) => `/api/v1/${path}`)];
}

async function measure(url: string, path: string): Promise<Answers> {
  const whole: number[] = [];
  const first: number[] = [];
  for (let time = 0; time < tries + 3; time += 1) {
    const began = performance.now();
    const answer = await fetch(`${url}${path}`);
    const reader = answer.body?.getReader();
    await reader?.read();
    const firstMs = performance.now() - began;
    while (reader !== undefined && !(await reader.read()).done);
    if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}`);
    // The first ones compile what all others use.
    if (time < 3) continue;
    first.push(firstMs);
    whole.push(performance.now() - began);
  }
  return { path, p95Ms: percentile(whole, 95), firstByteP95Ms: percentile(first, 95) };
}

async function shareOfCore(cpuMs: () => Promise<number>, forMs: number): Promise<number> {
  const before = await cpuMs();
  await wait(forMs);
  return Math.round((((await cpuMs()) - before) / forMs) * 1000) / 10;
}
