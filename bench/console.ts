/** How long the console and the API take over a large estate, and what open pages cost; in a process of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PortalUser } from '../demo/people/portal-user.ts';
import { openDatabase } from '../src/db/connection.ts';
import { fillEstate } from '../test/support/estate.ts';
import { everySecond, keepOpen, pagesOfPeople } from './open-pages.ts';
import { percentile } from './percentile.ts';
import { startQuietPortal } from './quiet-portal.ts';
import { setBenchStage, startBenchMinistack } from './stage.ts';

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
  /** … while a product is made every second, with the webhooks and runs of that: with nobody there, and with pages open. */
  readonly workedPercent: number;
  readonly busyPercent: number;
}

const size = { products: 10_000, runs: 100_000, deliveries: 100_000, inputs: 2 };
const tries = 40;
const watchedMs = 20_000;

/** @param database a PostgreSQL URL; left out: an embedded database in a folder of its own */
export async function measureConsole(database?: string): Promise<ConsoleFindings> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-bench-console-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const address = database ?? join(folder, 'data');
  const ids = await fill(address);
  let simulator = '';
  const portalUrl = await startQuietPortal(started, () => simulator);
  const stage = started.use(
    await setBenchStage({ startStore: startBenchMinistack, database: address, metered: false, portalUrl }),
  );
  simulator = stage.portal.url;
  const user = new PortalUser(simulator);
  let made = 0;
  const make = () => {
    made += 1;
    return user.createProduct(`Made ${made}`, `made-${made}`);
  };
  const living = await make();
  await hasRun(stage.url, living);
  const answers: Answers[] = [];
  for (const path of [...(await pathsOf(stage.url, ids)), ...partsOf(living)])
    answers.push(await measure(stage.url, path));
  const idlePercent = await shareOfCore(stage.cpuMs, () => wait(watchedMs));
  const workedPercent = await shareOfCore(stage.cpuMs, () => everySecond(watchedMs, make));
  const closing = new AbortController();
  const open = keepOpen(stage.url, pagesOfPeople(ids.products), closing.signal);
  // What they ask for when they are opened is none of what it costs to leave them open.
  await wait(watchedMs / 4);
  const watchedPercent = await shareOfCore(stage.cpuMs, () => wait(watchedMs));
  const busyPercent = await shareOfCore(stage.cpuMs, () => everySecond(watchedMs, make));
  closing.abort();
  await open;
  return { answers, idlePercent, watchedPercent, workedPercent, busyPercent };
}

async function hasRun(url: string, product: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const answer = await fetch(`${url}/api/v1/products/${product}`);
    const found = answer.ok ? ((await answer.json()) as { headline: string }) : null;
    if (found?.headline === 'Ready') return;
    await wait(100);
  }
  throw new Error('the first product got no home');
}

interface Ids {
  readonly products: readonly string[];
  readonly run: string;
  readonly delivery: string;
}

async function fill(address: string): Promise<Ids> {
  await using database = await openDatabase(address);
  await fillEstate(database.sql, size);
  const one = async (table: 'run' | 'delivery') =>
    (await database.sql.selectFrom(table).select('id').limit(1).executeTakeFirstOrThrow()).id;
  const products = await database.sql.selectFrom('product').select('id').limit(25).execute();
  return { products: products.map(({ id }) => id), run: await one('run'), delivery: await one('delivery') };
}

/** Pages and lists; of those that are long, the second page as well. */
async function pathsOf(url: string, { products, run, delivery }: Ids): Promise<readonly string[]> {
  const [product, other] = products;
  const pages = [
    '',
    '/products?q=product+77',
    '/products?condition=Degraded',
    '/products?reason=StoreDenied&state=live',
    '/products?paused=yes',
    `/products/${product}`,
    `/products/${product}/confirm/rotate`,
    `/access?reader=${product}`,
    `/access?reader=${product}&source=${other}`,
    '/access?reader=product+7&source=product+8',
    '/graph',
    `/graph?focus=${product}&depth=2`,
    '/graph?q=product+7',
    '/runs?outcome=failed',
    `/runs?product=${product}`,
    '/runs?from=2000-01-01&until=2100-01-01',
    `/runs/${run}`,
    '/deliveries?verdict=ignored',
    `/deliveries?product=${product}`,
    `/deliveries/${delivery}`,
    `/audit?product=${product}`,
    '/audit?actor=provisioner&action=put-policy',
  ];
  const lists = [
    'overview',
    `products/${product}`,
    'products?search=product%2077',
    'products?condition=Degraded',
    `runs/${run}`,
    'runs?outcome=failed',
    `deliveries/${delivery}`,
    'deliveries?verdict=ignored',
    `grants?consumer=${product}`,
    `grants?provider=${product}`,
    'audit?action=put-policy',
  ];
  const long = [
    ['/products?sort=name', 'products?sort=name'],
    ['/products?sort=updated', 'products?sort=updated'],
    ['/products?sort=condition', 'products?sort=condition'],
    ['/access?', 'grants?'],
    ['/runs?', 'runs?'],
    ['/deliveries?', 'deliveries?'],
    ['/audit?', 'audit?'],
  ] as const;
  const both = await Promise.all(
    long.map(async ([page, list]) => {
      const first = (await (await fetch(`${url}/api/v1/${list}`)).json()) as { next: string };
      const next = encodeURIComponent(first.next);
      return [
        `/console${page}`,
        `/console${page}&after=${next}`,
        `/api/v1/${list}`,
        `/api/v1/${list}&cursor=${next}`,
      ];
    }),
  );
  return [
    '/console/products',
    ...pages.map((path) => `/console${path}`),
    ...lists.map((path) => `/api/v1/${path}`),
    ...both.flat(),
  ];
}

/** Parts of a product's page that ask the portal, the store or the workspace. */
function partsOf(product: string): readonly string[] {
  return ['asked', 'files', 'plan'].map((part) => `/console/products/${product}/${part}`);
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

/** In percent, while something goes on. */
async function shareOfCore(cpuMs: () => Promise<number>, meanwhile: () => Promise<unknown>): Promise<number> {
  const [before, began] = [await cpuMs(), performance.now()];
  await meanwhile();
  return Math.round((((await cpuMs()) - before) / (performance.now() - began)) * 1000) / 10;
}
