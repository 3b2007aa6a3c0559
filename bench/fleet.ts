/** A large estate: what a start costs when nothing has changed, and whether fresh work waits for a resync that has much to do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { startPortalSimulator } from '../demo/portal/simulator.ts';
import { freePort } from '../demo/store/free-port.ts';
import { measureBegin } from './begin.ts';
import { fillBooks, fillPortal } from './fleet-books.ts';
import { measureHomes } from './homes.ts';
import { end, lives, residentMb, startBenchMinistack, startWords } from './stage.ts';

export interface RestResult {
  /** From the start of the process to the end of the first resync. */
  readonly resyncSeconds: number;
  /** Products that the resync had looked at. */
  readonly lookedAt: number;
  /** Requests to the portal until then. */
  readonly portalRequests: number;
  readonly memoryMb: number;
}

export interface FreshResult {
  /** From the webhook to the begin of its work, and to `.env`, of products that are new meanwhile. */
  readonly beginP95Ms: number;
  readonly homeP95Ms: number;
  /** Products that the resync wanted to have looked at, and those that still waited when the last new one was done. */
  readonly lookedAt: number;
  readonly stillWaiting: number;
}

/** @param database an empty database of a PostgreSQL server */
export async function measureRest(database: string, products: number): Promise<RestResult> {
  await using fleet = await startFleet(database, products, 0);
  const { resyncSeconds, lookedAt } = await fleet.resynced;
  const portalRequests = await sumOf(
    fleet.url,
    /^provisioner_portal_request_seconds_count\{[^}]*\} (\d+)$/gm,
  );
  return { resyncSeconds, lookedAt, portalRequests, memoryMb: await fleet.memoryMb() };
}

/** The same with so many of the products moved: each is a home to be made, while `fresh` more come by webhook. */
export async function measureFreshWork(
  database: string,
  sizes: { readonly products: number; readonly moved: number; readonly fresh: number },
): Promise<FreshResult> {
  await using fleet = await startFleet(database, sizes.products, sizes.moved);
  const { lookedAt } = await fleet.resynced;
  const homes = await measureHomes(fleet, 'fresh', sizes.fresh, 2);
  const stillWaiting = await sumOf(fleet.url, /^provisioner_jobs\{.*"waiting".*\} (\d+)$/gm);
  const beginP95Ms = await measureBegin(database, 95);
  return { beginP95Ms, homeP95Ms: homes.p95Ms, lookedAt, stillWaiting };
}

/** While one resync after another goes through products of which nothing has changed: new ones come from the start on. */
export async function measureFreshAtRest(
  database: string,
  sizes: { readonly products: number; readonly fresh: number },
): Promise<{ readonly resyncs: number; readonly beginP95Ms: number }> {
  await using fleet = await startFleet(database, sizes.products, 0, { PROV_RESYNC_INTERVAL: '1s' });
  await measureHomes(fleet, 'fresh', sizes.fresh, 2);
  return { resyncs: fleet.resyncs(), beginP95Ms: await measureBegin(database, 95) };
}

async function startFleet(
  database: string,
  products: number,
  moved: number,
  settings: Readonly<Record<string, string>> = {},
) {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-bench-fleet-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const store = started.use(await startBenchMinistack());
  const portal = started.use(await startPortalSimulator({ generation: 'v0.7.0' }));
  await fillPortal(portal, products);
  const secret = randomBytes(24).toString('hex');
  const port = await freePort();
  const environment = {
    PROV_DPP_API_URL: portal.url,
    S3_ENDPOINT: store.endpoint,
    S3_ACCESS_KEY: store.accessKey,
    S3_SECRET_KEY: store.secretKey,
    PROV_TEMPLATE_PATH: resolve('templates/sqlmesh'),
    PROV_TEMPLATE_OUTPUT_PATH: join(folder, 'products'),
    PROV_DATABASE_URL: database,
    PROV_CONTROL_PATH: join(folder, 'control'),
    PROV_HOST: '127.0.0.1',
    PROV_PORT: String(port),
    // What a check costs is measured on homes that are there: bench/drift.ts.
    PROV_DRIFT_INTERVAL: '1d',
    PROV_LOG_FORMAT: 'json',
    WEBHOOK_SECRET: secret,
    ...settings,
  };
  await fillBooks(environment, portal, moved);
  const begun = performance.now();
  const child = spawn(process.execPath, startWords, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...environment },
  });
  started.defer(() => end(child));
  const resyncs = watchResyncs(child);
  const resynced = resyncs.first.then((lookedAt) => {
    return { lookedAt, resyncSeconds: (performance.now() - begun) / 1000 };
  });
  const url = `http://127.0.0.1:${port}`;
  await lives(url);
  portal.setWebhooks({ webhookUrl: `${url}/`, webhookSecret: secret });
  const parts = started.move();
  return {
    url,
    portal,
    meter: null,
    products: join(folder, 'products'),
    resynced,
    resyncs: resyncs.seen,
    memoryMb: () => residentMb(child),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Reads the log to its end. @returns how many products the first resync wants to have looked at, and how many there were */
function watchResyncs(child: ChildProcess) {
  const { promise: first, resolve, reject } = Promise.withResolvers<number>();
  let seen = 0;
  const read = async () => {
    if (child.stdout === null) throw new Error('the daemon has no output');
    for await (const line of createInterface({ input: child.stdout })) {
      const facts = line.startsWith('{') ? JSON.parse(line) : {};
      if (facts.message !== 'resync') continue;
      seen += 1;
      resolve(Number(facts.toLookAt));
    }
    throw new Error('the daemon ended before its resync');
  };
  read().catch(reject);
  first.catch(() => undefined);
  return { first, seen: () => seen };
}

/** The sum of all samples that the pattern finds. */
export async function sumOf(url: string, pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
}
