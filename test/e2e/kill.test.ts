/** kill -9 at any moment: after a restart everything converges, nothing is doubled, nothing is lost. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { openDatabase } from '../../src/db/connection.ts';
import { exactInventory, worksAlone } from '../support/inventory.ts';
import { s3As } from '../support/s3-as.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

const kills = 20;

/** What the story has led to so far. */
interface Told {
  /** Home → product, of those that are there. */
  readonly products: Map<string, string>;
  /** Who reads whom. */
  readonly reads: { readonly consumer: string; readonly provider: string; granted: boolean }[];
  readonly deleted: string[];
}

test('after 20 kills at random moments nothing acknowledged is lost, nothing is doubled, and all is as the portal says', async () => {
  // Only a start and the webhooks themselves bring work: nothing else would hide that one was lost.
  await using world = await createWorld({
    PROV_KEY_GRACE: '1s',
    PROV_RESYNC_INTERVAL: '1h',
    PROV_DRIFT_INTERVAL: '1h',
    PROV_BRAKE_MINIMUM: '1000',
  });
  const told: Told = { products: new Map(), reads: [], deleted: [] };
  {
    await using process = await takeOver(world);
    for (let number = 0; number < kills; number += 1) {
      await story(world, number, told);
      await pause(Math.random() * 400);
      await process.killAndRestart();
      await everyEnvIsWhole(world, told);
    }
    await allAsTold(world, told);
  }
  const acknowledged = world.portal.deliveries.filter(({ status }) => status === 200 || status === 202);
  await using database = await openDatabase(String(world.environment.PROV_DATABASE_URL));
  const stored = await database.sql.selectFrom('delivery').select('id').execute();
  expect(acknowledged.length).toBeGreaterThan(kills);
  // What was stored right before a kill was not acknowledged any more.
  expect(stored.length).toBeGreaterThanOrEqual(acknowledged.length);
}, 300_000);

/** One round: a product comes, every second is read by another, in every third a reader loses that, in every fifth one goes. */
async function story(world: World, number: number, told: Told): Promise<void> {
  const user = new PortalUser(world.portal.url);
  const home = `kill-${number}`;
  const product = await user.createProduct(`Kill ${number}`, home);
  told.products.set(home, product);
  if (number % 2 === 0) {
    const port = await user.createPort(product, `port-${number}`);
    const reader = `reader-${number}`;
    const consumer = await user.createProduct(`Reader ${number}`, reader);
    told.products.set(reader, consumer);
    await user.requestAccess(consumer, port);
    await user.decide(product, port, consumer, 'approve');
    const read = { consumer: reader, provider: home, granted: true };
    told.reads.push(read);
    if (number % 3 === 0) {
      await eventually(`access for ${reader}`, () => isWired(world, read), 60_000);
      await user.decide(product, port, consumer, 'revoke');
      read.granted = false;
    }
  }
  if (number % 5 === 4) {
    const before = `kill-${number - 1}`;
    // Without a home there would be nothing to retire.
    await eventually(`a home for ${before}`, () => world.workspaceFile(before, '.env'), 60_000);
    await user.delete(told.products.get(before) ?? '');
    told.products.delete(before);
    told.deleted.push(before);
  }
}

async function isWired(world: World, { consumer, provider }: Told['reads'][number]): Promise<boolean> {
  const env = await world.workspaceFile(consumer, '.env');
  return env?.includes(`/${provider}/output/`) === true;
}

/** Each `.env` that is there has all of our block, its end mark included. */
async function everyEnvIsWhole(world: World, { products }: Told): Promise<void> {
  for (const home of products.keys()) {
    const text = await world.workspaceFile(home, '.env');
    if (text === null) continue;
    expect(text, home).toMatch(
      /# >>> data product provisioner[\s\S]*\nS3_SECRET_KEY=\S{40}\n[\s\S]*# <<< data/,
    );
  }
}

async function allAsTold(world: World, { products, reads, deleted }: Told): Promise<void> {
  const alive = [...products.keys()];
  for (const home of alive)
    await eventually(`a working key in ${home}`, () => worksAlone(world, home), 60_000);
  for (const { consumer, provider, granted } of reads) {
    const wanted = granted && products.has(provider) ? 200 : 403;
    const what = `${consumer} to get ${wanted} from ${provider}`;
    await eventually(what, async () => {
      const env = (await world.workspaceFile(consumer, '.env')) ?? '';
      return (await s3As(world.store.endpoint, env).get(`${provider}/.keep`)) === wanted;
    });
  }
  await exactInventory(world, alive);
  const archived = await readdir(join(world.folder, 'products', '.archive'));
  expect(archived.map((name) => name.replace(/-\d{4}-.*$/, '')).sort()).toEqual([...deleted].sort());
  const left = await readdir(join(world.folder, 'products'), { recursive: true });
  expect(left.filter((name) => name.endsWith('.provisioner.tmp') && name.includes('.env'))).toEqual([]);
}

interface DaemonProcess extends AsyncDisposable {
  killAndRestart(): Promise<void>;
}

/** Puts a daemon in a process of its own in the place of the world's. */
async function takeOver(world: World): Promise<DaemonProcess> {
  const { port } = new URL(world.daemon().url);
  await world.daemon()[Symbol.asyncDispose]();
  const start = async () => {
    const child = spawn(process.execPath, ['src/main.js', 'serve'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, ...world.environment, PROV_PORT: port, PROV_LOG_LEVEL: 'warn' },
    });
    await eventually('the daemon to live', () => lives(world.daemon().url), 60_000);
    return child;
  };
  let child: ChildProcess = await start();
  const kill = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  return {
    killAndRestart: async () => {
      await kill();
      child = await start();
    },
    [Symbol.asyncDispose]: kill,
  };
}

function lives(url: string): Promise<boolean> {
  return fetch(`${url}/health/live`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
