/** `provisioner log-level` changes a running daemon. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createWorld, eventually, type World } from '../../support/world.ts';

const run = promisify(execFile);
const order = (world: World, level: string) =>
  run(process.execPath, ['src/main.js', 'log-level', level], {
    env: {
      PATH: process.env.PATH ?? '',
      NODE_ENV: 'production',
      PROV_CONTROL_PATH: join(world.folder, 'control'),
    },
  });
/** A webhook without proof leaves a warning. */
const provoke = (world: World) =>
  fetch(world.daemon().url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
const count = (world: World, text: string) => world.lines.filter((line) => line.includes(text)).length;

test('lines below the new level are left out from then on, and come back with the old one', async () => {
  await using world = await createWorld();
  const changed = (to: string) =>
    eventually(`the change to ${to}`, () => world.lines.some((line) => line.includes(`"to":"${to}"`)));
  expect((await order(world, 'error')).stdout).toContain('within a second');
  await changed('error');
  await provoke(world);
  await order(world, 'info');
  await changed('info');
  expect(count(world, 'refused a delivery')).toBe(0);
  await provoke(world);
  await eventually('the warning', () => count(world, 'refused a delivery') === 1);
});

test('a word that is no level is refused by the command, and by the daemon', async () => {
  await using world = await createWorld();
  await expect(order(world, 'loud')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('debug'),
  });
  await writeFile(join(world.folder, 'control', 'log-level'), 'loud\n');
  await eventually('the complaint', () => count(world, 'an order for another log level is none') > 0);
});
