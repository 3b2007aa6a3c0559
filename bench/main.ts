/**
 * `npm run bench`: prints a table, then the same as JSON (`--json`: JSON only). Measures both database engines, and MinIO.
 * `npm run bench -- minio pages` measures these parts alone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startPostgres } from '../test/support/postgres.ts';
import { measureAcks } from './acks.ts';
import { measureBegin } from './begin.ts';
import { measureConsole } from './console.ts';
import { intervalFor, measureDrift } from './drift.ts';
import { measureFreshAtRest, measureFreshWork, measureRest } from './fleet.ts';
import { measureHomes, quiet } from './homes.ts';
import { measureIdentity } from './identity.ts';
import { measureLists } from './lists.ts';
import { percentile } from './percentile.ts';
import { comparePortalSdk } from './portal-sdk.ts';
import { measureRollout } from './rollout.ts';
import { setBenchStage, startBenchMinio, startBenchMinistack } from './stage.ts';
import { measureWorkspaces } from './workspaces.ts';

interface Row {
  readonly part: string;
  readonly what: string;
  readonly value: number | null;
  readonly unit: string;
  readonly goal: string;
}

const rows: Row[] = [];

/** In the order in which they are measured, each by the word that asks for it alone. */
const parts: Readonly<Record<string, () => Promise<void>>> = {
  // First, because homes are files: where what lately was deleted slows what is made (ext4 without a journal), the parts
  // before it would have their share in what it measures.
  minio: measureMinio,
  embedded: () => measureDaemon('embedded', undefined, 500),
  postgresql: async () => {
    await using server = await startPostgres();
    await measureDaemon('PostgreSQL', server.url, 200);
  },
  'portal-sdk': measureBesidePortalSdk,
  rest: measureEstateAtRest,
  fresh: measureFresh,
  drift: measureDriftChecks,
  fleet: measureFleetPlan,
  lists: measureReading,
  templates: measureTemplates,
  pages: measurePages,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((word) => !Object.hasOwn(parts, word));
if (unknown.length > 0)
  throw new Error(`no part is called ${unknown.join(', ')}: ${Object.keys(parts).join(', ')}`);
for (const [word, measure] of Object.entries(parts))
  if (positionals.length === 0 || positionals.includes(word)) await measure();

if (!values.json) printTable();
process.stdout.write(`${JSON.stringify(rows)}\n`);

function adder(part: string) {
  return (what: string, value: number | null, unit: string, goal = '') =>
    void rows.push({ part, what, value, unit, goal });
}

/** The daemon on a database engine, with MiniStack as its store. */
async function measureDaemon(
  engine: string,
  database: string | undefined,
  memoryGoalMb: number,
): Promise<void> {
  await using stage = await setBenchStage({ startStore: startBenchMinistack, database, metered: true });
  const add = adder(`${engine} database, MiniStack`);
  add('memory after the start', await stage.memoryMb(), 'MB');
  const first = await measureHomes(stage, 'first', 50, 1);
  add('webhook to .env, the first 50 after the start, p50', first.p50Ms, 'ms');
  add('  of it our own time, p50', first.ownP50Ms, 'ms');
  if (database !== undefined)
    add('webhook taken to work begun, p50', await measureBegin(database, 50), 'ms', '<= 50');
  const many = await measureHomes(stage, 'many', 200, 16);
  add('webhook to .env, 16 at a time, p50', many.p50Ms, 'ms');
  add('webhook to .env, 16 at a time, p99', many.p99Ms, 'ms');
  add('products, 16 at a time', many.perSecond, '/s');
  const single = await measureHomes(stage, 'single', 50, 1);
  add('webhook to .env, one by one, p50', single.p50Ms, 'ms', '<= 250');
  add('webhook to .env, one by one, p99', single.p99Ms, 'ms');
  add('  of it our own time, p50', single.ownP50Ms, 'ms', '<= 40');
  // Before the loads, and longer: a pause of one checkpoint would else be a hundredth of all answers.
  await quiet(stage);
  const steady = await measureAcks(stage, 64, 20, 500);
  add('ack p99 at 500/s', steady.p99Ms, 'ms', '<= 50');
  for (const waiting of [1, 64, 256]) {
    const acks = await measureAcks(stage, waiting, 8);
    add(`durable acks, ${waiting} waiting`, acks.perSecond, '/s', waiting === 256 ? '>= 3000' : '');
    add(`  p50 / failed ${acks.failed}`, acks.p50Ms, 'ms');
    add('  p99', acks.p99Ms, 'ms');
  }
  add('memory at the end', await stage.memoryMb(), 'MB', `<= ${memoryGoalMb}`);
}

/** Durable acknowledgements against those of a queue in memory. */
async function measureBesidePortalSdk(): Promise<void> {
  const add = adder('beside the portal’s SDK, in turns, embedded database');
  const { acks, oursBeginMs, theirsBeginMs } = await comparePortalSdk();
  for (const { waiting, ours, ...theirs } of acks) {
    add(`acks, ${waiting} waiting, ours`, ours, '/s');
    for (const [way, goal] of [
      ['plain', waiting === 256 ? '>= 1.5' : '>= 1'],
      ['tuned', ''],
    ] as const) {
      add(`  the SDK’s, ${way}`, theirs[way], '/s');
      add('    ratio', Math.round((ours * 100) / theirs[way]) / 100, '', goal);
    }
  }
  add('webhook taken to work begun, p50, ours', oursBeginMs, 'ms', '<= 50');
  add('  the SDK’s', theirsBeginMs, 'ms');
}

/** Nothing has changed: 1,000 products, then 10,000. */
async function measureEstateAtRest(): Promise<void> {
  for (const products of [1000, 10_000]) {
    await using server = await startPostgres();
    const add = adder(`${products} products at rest, PostgreSQL database`);
    const { resyncSeconds, lookedAt, portalRequests, memoryMb } = await measureRest(server.url, products);
    add('from the start to the end of the resync', Math.round(resyncSeconds * 10) / 10, 's', '<= 60');
    add('products looked at', lookedAt, '', '0');
    const per = Math.round((portalRequests * 10_000) / products) / 10;
    add('requests to the portal per 1,000 products', per, '', '<= 10');
    add('memory', memoryMb, 'MB', '<= 300');
  }
  await using server = await startPostgres();
  const add = adder('new products while resyncs look through 10,000 at rest, PostgreSQL database');
  const { resyncs, beginP95Ms } = await measureFreshAtRest(server.url, { products: 10_000, fresh: 40 });
  add('resyncs that ended meanwhile', resyncs, '', '> 0');
  add('webhook taken to work begun, p95', beginP95Ms, 'ms', '<= 1000');
}

/** A tenth of 10,000 products has moved, so that the resync makes homes for minutes; new ones come meanwhile. */
async function measureFresh(): Promise<void> {
  await using server = await startPostgres();
  const add = adder('new products while a resync works through 1,000 of 10,000, PostgreSQL database');
  const sizes = { products: 10_000, moved: 1000, fresh: 40 };
  const { beginP95Ms, homeP95Ms, lookedAt, stillWaiting } = await measureFreshWork(server.url, sizes);
  add('products that the resync had looked at', lookedAt, '');
  add('  of them waiting when the last new one was done', stillWaiting, '', '> 0');
  add('webhook taken to work begun, p95', beginP95Ms, 'ms', '<= 1000');
  add('webhook to .env, p95', homeP95Ms, 'ms');
}

/** Homes in order, looked at again and again. */
async function measureDriftChecks(): Promise<void> {
  const products = 200;
  await using server = await startPostgres();
  await using stage = await setBenchStage({
    startStore: startBenchMinistack,
    database: server.url,
    metered: true,
    settings: { PROV_DRIFT_INTERVAL: intervalFor(products) },
  });
  const { first, later } = await measureDrift(stage, products);
  for (const [round, cost] of [
    ['first round after a start', first],
    ['later rounds', later],
  ] as const) {
    const add = adder(`a drift check of a home in order, ${round}, PostgreSQL database`);
    add('requests to the store and its identity API', cost.storeRequests, '');
    add('requests to the portal', cost.portalRequests, '');
    add('time of it', cost.runMs, 'ms');
    add('time of the processor', cost.cpuMs, 'ms');
    add('  and of git', cost.gitCpuMs, 'ms');
    add('growth of memory', cost.growthKb, 'kB');
  }
}

/** 1,000 real workspaces, planned at once. */
async function measureFleetPlan(): Promise<void> {
  await using server = await startPostgres();
  const add = adder('plan of a new template version, PostgreSQL database');
  const setStage = (settings: Readonly<Record<string, string>>) =>
    setBenchStage({ startStore: startBenchMinistack, database: server.url, metered: false, settings });
  const { seconds, changing, merging, conflicting, growthMb } = await measureRollout(setStage, 1000);
  add(`${changing} workspaces, ${merging} to be merged`, Math.round(seconds * 10) / 10, 's', '<= 60');
  add('  of them in conflict', conflicting, '', '100');
  add('growth of the daemon meanwhile', growthMb, 'MB', 'flat');
}

/** The API with 10,000 products, 100,000 runs and 100,000 deliveries in the books. */
async function measureReading(): Promise<void> {
  const folder = await mkdtemp('/tmp/provisioner-bench-lists-');
  await using server = await startPostgres();
  for (const [engine, url] of [
    ['embedded', folder],
    ['PostgreSQL', server.url],
  ] as const) {
    const add = adder(`the API on 10,000 products, ${engine} database`);
    for (const { path, p50Ms, p95Ms } of await measureLists(url)) {
      add(`${path}, p50`, p50Ms, 'ms');
      add('  p95', p95Ms, 'ms', '<= 150');
    }
  }
  await rm(folder, { recursive: true });
}

/** The store's share and the whole, on a real MinIO. */
async function measureMinio(): Promise<void> {
  await using stage = await setBenchStage({
    startStore: startBenchMinio,
    database: undefined,
    metered: false,
  });
  const add = adder('embedded database, MinIO');
  const identity = await measureIdentity(stage.store, 50);
  add('identity, policy, key and proof, p50', identity.newProductP50Ms, 'ms', '<= 60');
  add('a new key beside the old, proven, old ended, p50', identity.rotationP50Ms, 'ms', '<= 60');
  const single = await measureHomes(stage, 'single', 50, 1);
  add('webhook to .env, one by one, p50', single.p50Ms, 'ms', '<= 90');
  const cold = await measureHomes(stage, 'cold', 200, 16);
  add('products, 16 at a time, the first 200', cold.perSecond, '/s');
  // V8 has compiled by then what a storm needs, and a machine that others share has slow and fast moments.
  const warm: number[] = [];
  for (const round of [1, 2, 3, 4, 5])
    warm.push((await measureHomes(stage, `warm-${round}`, 200, 16)).perSecond);
  add('products, 16 at a time, further 200, median of five', percentile(warm, 50), '/s', '>= 28');
}

async function measureTemplates(): Promise<void> {
  const add = adder('workspaces, template sqlmesh');
  const { renderP50Ms, laidP50Ms, withHistoryP50Ms } = await measureWorkspaces(100);
  add('rendered, p50', renderP50Ms, 'ms', '<= 15');
  add('rendered and written, p50', laidP50Ms, 'ms');
  add('rendered, written and committed, p50', withHistoryP50Ms, 'ms', '<= 60');
}

/** Pages and lists over a large estate. */
async function measurePages(): Promise<void> {
  const add = adder('console and API, 10,000 products, 100,000 runs and deliveries, embedded database');
  const { answers, idlePercent, watchedPercent, workedPercent, busyPercent } = await measureConsole();
  for (const { path, p95Ms, firstByteP95Ms } of answers) {
    const short = path.replaceAll(/[0-9a-f-]{36}/g, '…').replace(/(after|cursor)=.*/, '$1=…');
    // A plan asks portal and store.
    add(`${short}, p95`, p95Ms, 'ms', path.endsWith('/plan') ? '' : '<= 150');
    if (path === '/console/products') add('  first byte, p95', firstByteP95Ms, 'ms', '<= 60');
  }
  add('daemon without open pages', idlePercent, '%');
  add('50 open pages, nothing happens', watchedPercent, '%');
  add('a new product a second, without open pages', workedPercent, '%');
  add('a new product a second, 50 open pages', busyPercent, '%', '<= 5 more than without');
}

function printTable(): void {
  const width = Math.max(...rows.map((row) => row.what.length));
  let part = '';
  for (const row of rows) {
    if (row.part !== part) process.stdout.write(`\n${row.part}\n`);
    part = row.part;
    const value = row.value === null ? '-' : String(row.value);
    process.stdout.write(
      `  ${row.what.padEnd(width)}  ${value.padStart(8)} ${row.unit.padEnd(3)}  ${row.goal}\n`,
    );
  }
  process.stdout.write('\n');
}
