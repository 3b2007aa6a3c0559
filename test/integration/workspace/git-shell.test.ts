/** New repositories, made by shells that are kept. */
import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { constants, getPriority, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeRepository } from '../../../src/workspace/git-shell.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'git shell '));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const commitsOf = (text: string) =>
  [
    'commit refs/heads/main',
    'committer A <a@localhost> 1 +0000',
    'data 1',
    'm',
    `M 100644 inline file\ndata ${Buffer.byteLength(text)}\n${text}`,
    'done\n',
  ].join('\n');

async function made(name: string): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  await makeRepository(join(folder, '.git'), commitsOf(`of ${name}`), { shared: false });
  return folder;
}

const git = (folder: string, ...words: string[]) =>
  execFileSync('git', ['-C', folder, ...words], { encoding: 'utf8' });

/** Of this process (Linux: /proc/…/stat holds the name, then the state and the parent). */
const shells = () => readdirSync('/proc').filter(isShell).map(Number);

function isShell(pid: string): boolean {
  try {
    const ours = new RegExp(`^\\d+ \\(sh\\) \\w ${process.pid} `);
    return /^\d+$/.test(pid) && ours.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // It ended.
    return false;
  }
}

test('many at once are whole, each with its own, by a few shells', async () => {
  const names = Array.from({ length: 20 }, (_, number) => `many $(${number}) "'`);
  const folders = await Promise.all(names.map(made));
  for (const [index, folder] of folders.entries()) {
    expect(git(folder, 'show', 'main:file')).toBe(`of ${names[index]}`);
    expect(git(folder, 'fsck', '--strict')).toBe('');
  }
  expect(shells().length).toBeLessThanOrEqual(4);
});

test('the shells give way to what answers webhooks', async () => {
  await made('patient');
  const lower = constants.priority.PRIORITY_BELOW_NORMAL;
  expect(new Set(shells().map((pid) => getPriority(pid)))).toEqual(new Set([lower]));
});

test('one that can not be made fails by name, and the next is made', async () => {
  const nowhere = join(root, 'nowhere', 'at all', '.git');
  await expect(makeRepository(`${nowhere}\n`, commitsOf('x'), { shared: false })).rejects.toMatchObject({
    code: 'WORKSPACE_UNWRITABLE',
  });
  await expect(makeRepository('/proc/none/.git', commitsOf('x'), { shared: false })).rejects.toMatchObject({
    code: 'WORKSPACE_UNWRITABLE',
    cause: { message: expect.stringContaining('/proc/none') },
  });
  expect(git(await made('after a failure'), 'show', 'main:file')).toBe('of after a failure');
});

test('what git did not read of one that can not be made is not taken for a place', async () => {
  const folder = join(root, 'left');
  await mkdir(folder);
  const program = `
    const { makeRepository } = await import(${JSON.stringify(resolve('src/workspace/git-shell.ts'))});
    const commits = ${JSON.stringify(commitsOf('place\n\nplace\n\nplace\n\n'))};
    await makeRepository('/proc/none/.git', commits, { shared: false }).catch(() => process.stdout.write('refused'));`;
  const words = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: folder });
  expect(stdout).toBe('refused');
  expect(await readdir(folder)).toEqual([]);
});

test('a shell that was killed is replaced', async () => {
  await made('before');
  const killed = shells();
  expect(killed).not.toEqual([]);
  for (const pid of killed) process.kill(pid, 'SIGKILL');
  await expect.poll(() => shells().filter((pid) => killed.includes(pid))).toEqual([]);
  expect(git(await made('after'), 'show', 'main:file')).toBe('of after');
});

test('a process ends although it keeps one', async () => {
  const folder = join(root, 'ending');
  await mkdir(folder);
  const words = [join(folder, '.git'), commitsOf('x')].map((word) => JSON.stringify(word)).join();
  const program = `
    const { makeRepository } = await import(${JSON.stringify(resolve('src/workspace/git-shell.ts'))});
    await makeRepository(${words}, { shared: false });
    process.stdout.write('made');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  expect(stdout).toBe('made');
  expect(git(folder, 'show', 'main:file')).toBe('x');
});
