/** Commands of the pages that are quick, run as they stand there. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { commandsOf, readPages } from '../support/pages.ts';
import { createWorld, eventually } from '../support/world.ts';

const run = promisify(execFile);
const commands = readPages().flatMap(commandsOf);

test('the addresses that the pages show with curl answer, once the daemon is ready', async () => {
  await using world = await createWorld();
  const { url } = world.daemon();
  await eventually('readiness', async () => (await fetch(`${url}/health/ready`)).ok, 30_000);
  const shown = commands
    .filter(({ words: [program] }) => program === 'curl')
    .map(({ words }) => words.slice(1));
  expect(shown.length).toBeGreaterThan(1);
  for (const words of shown) {
    const here = words.map((word) => word.replace('http://localhost:8090', url));
    const { stdout } = await run('curl', ['--fail', '--silent', '--show-error', ...here]);
    expect(stdout.length, words.join(' ')).toBeGreaterThan(100);
  }
});

test('`npm run provisioner -- --help` says what there is, `brake release` leaves the order where the daemon looks', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-control-'));
  const env = { ...process.env, PROV_CONTROL_PATH: folder, NODE_ENV: 'production' };
  const provisioner = (...args: string[]) =>
    run('npm', ['run', '--silent', 'provisioner', '--', ...args], { env });
  expect((await provisioner('--help')).stdout).toMatch(/^Usage: provisioner/);
  expect(commands.map(({ words }) => words.join(' '))).toContain('npm run provisioner -- brake release');
  await provisioner('brake', 'release');
  expect(await readdir(folder)).toEqual(['brake-release']);
  await rm(folder, { recursive: true });
});
