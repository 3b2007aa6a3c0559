/** Installations of tools wait for each other, and for nobody who is dead. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exclusively } from '../../../demo/tools/exclusively.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioner-lock-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A process that has the lock, says so, and keeps it until it is killed. */
async function holder(lock: string) {
  const program = `import { exclusively } from ${JSON.stringify(resolve('demo/tools/exclusively.ts'))};
    await exclusively(${JSON.stringify(lock)}, () => new Promise(() => { console.log('mine'); setInterval(() => {}, 1000); }));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('while another process has the lock, work waits; when that is killed, it begins', async () => {
  const lock = join(folder, 'killed.lock');
  const child = await holder(lock);
  let begun = false;
  const work = exclusively(lock, async () => {
    begun = true;
    return 'done';
  });
  const ended = once(child, 'exit');
  expect(begun).toBe(false);
  child.kill('SIGKILL');
  await ended;
  const killed = performance.now();
  expect(await work).toBe('done');
  expect(performance.now() - killed).toBeLessThan(5000);
});

test('work under one lock does not overlap in one process either', async () => {
  const lock = join(folder, 'shared.lock');
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await nextTurn();
    inside -= 1;
  };
  await Promise.all([exclusively(lock, work), exclusively(lock, work), exclusively(lock, work)]);
  expect(most).toBe(1);
});

test('work that fails leaves the lock free', async () => {
  const lock = join(folder, 'failed.lock');
  const failing = exclusively(lock, () => Promise.reject(new Error('no network')));
  await expect(failing).rejects.toThrow('no network');
  expect(await exclusively(lock, async () => 'free')).toBe('free');
});
