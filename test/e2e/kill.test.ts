/** kill -9 at any moment: after a restart everything converges, nothing is doubled, nothing is lost. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { exactInventory, worksAlone } from '../support/inventory.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

const kills = 20;

test('after 20 kills at random moments every product has one principal, one working key and a whole .env', async () => {
  await using world = await createWorld({
    PROV_KEY_GRACE: '1s',
    PROV_RESYNC_INTERVAL: '5s',
    PROV_DRIFT_INTERVAL: '5s',
  });
  await using process = await takeOver(world);
  const products = new Map<string, string>();
  for (let number = 0; number < kills; number += 1) {
    await story(world, number, products);
    await pause(Math.random() * 400);
    await process.killAndRestart();
  }
  const alive = [...products.keys()];
  for (const home of alive)
    await eventually(`a working key in ${home}`, () => worksAlone(world, home), 60_000);
  await exactInventory(world, alive);
  const archived = await readdir(join(world.folder, 'products', '.archive'));
  expect(archived.length).toBeGreaterThan(0);
  const left = await readdir(join(world.folder, 'products'), { recursive: true });
  expect(left.filter((name) => name.endsWith('.tmp') && name.includes('.env'))).toEqual([]);
}, 300_000);

/** One round: a product comes, every second is asked for access, in every fifth the one before goes. */
async function story(world: World, number: number, products: Map<string, string>): Promise<void> {
  const user = new PortalUser(world.portal.url);
  const home = `kill-${number}`;
  const product = await user.createProduct(`Kill ${number}`, home);
  products.set(home, product);
  if (number % 2 === 0) {
    const port = await user.createPort(product, `port-${number}`);
    const consumer = await user.createProduct(`Reader ${number}`, `reader-${number}`);
    products.set(`reader-${number}`, consumer);
    await user.requestAccess(consumer, port);
    await user.decide(product, port, consumer, 'approve');
  }
  if (number % 5 === 4) {
    const before = `kill-${number - 1}`;
    // Without a home there would be nothing to retire.
    await eventually(`a home for ${before}`, () => world.workspaceFile(before, '.env'), 60_000);
    await user.delete(products.get(before) ?? '');
    products.delete(before);
  }
}

interface DaemonProcess extends AsyncDisposable {
  killAndRestart(): Promise<void>;
}

/** Puts a daemon in a process of its own in the place of the world's. */
async function takeOver(world: World): Promise<DaemonProcess> {
  const { port } = new URL(world.daemon().url);
  await world.daemon()[Symbol.asyncDispose]();
  const start = async () => {
    const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
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
