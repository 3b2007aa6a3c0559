/** Where a secret can have got to in a workspace, with real files and real git. */
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HomeName } from '../../../src/model/home.ts';
import { aWorkspaceIn } from '../../support/upgraded-workspace.ts';

const secret = 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY';
const inHistory = 'it lies in the workspace’s git history';
const openIn = (path: string) => `everybody on the machine could read it in ${JSON.stringify(path)}`;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'leaks-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

let homes = 0;

/** A workspace with a history that was searched before, and in which nothing was found. */
async function aSearchedWorkspace() {
  const workspace = aWorkspaceIn(root, `home-${homes++}` as HomeName);
  await workspace.upgrade({ 'README.md': 'one\n' });
  const find = () => workspace.workspaces.findLeak(workspace.home, secret);
  const put = async (path: string, mode: number, text = `key = "${secret}"\n`) => {
    const target = join(workspace.folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    await chmod(target, mode);
    return target;
  };
  expect(await find()).toBeNull();
  return { ...workspace, find, put };
}

test('a notebook with the key that everybody can read is found, one that its owner alone can read is not', async () => {
  const { find, put } = await aSearchedWorkspace();
  const notebook = await put('notebooks/eda.ipynb', 0o640);
  expect(await find()).toBeNull();
  await chmod(notebook, 0o644);
  expect(await find()).toBe(openIn('notebooks/eda.ipynb'));
});

test('in a folder that only its group enters nothing is open', async () => {
  const { find, put, folder } = await aSearchedWorkspace();
  await put('notes/key.txt', 0o644);
  await chmod(join(folder, 'notes'), 0o750);
  expect(await find()).toBeNull();
  await chmod(join(folder, 'notes'), 0o755);
  expect(await find()).toBe(openIn('notes/key.txt'));
});

test('a file that took the place of one that was searched is read', async () => {
  const { find, put, folder } = await aSearchedWorkspace();
  const harmless = await put('notes.txt', 0o644, 'nothing\n');
  expect(await find()).toBeNull();
  await rename(await put('other.txt', 0o600), join(folder, 'moved.txt'));
  await chmod(join(folder, 'moved.txt'), 0o644);
  await rename(join(folder, 'moved.txt'), harmless);
  expect(await find()).toBe(openIn('notes.txt'));
});

test('links, installed packages and large data are not followed', async () => {
  const { find, put, folder } = await aSearchedWorkspace();
  const outside = join(root, `outside-${homes}`);
  await writeFile(outside, secret);
  await symlink(outside, join(folder, 'link'));
  await symlink('.', join(folder, 'round'));
  await put('node_modules/some/package.json', 0o644);
  await put('data/big.csv', 0o644, `${'x'.repeat(1_000_001)}${secret}`);
  expect(await find()).toBeNull();
});

test('what was only staged is found, though no branch moved since the last search', async () => {
  const { find, put, git } = await aSearchedWorkspace();
  await put('.env', 0o600);
  git('add', '--force', '.env');
  git('rm', '--cached', '--quiet', '.env');
  expect(await find()).toBe(inHistory);
});

test('what was committed and undone is found', async () => {
  const { find, put, git } = await aSearchedWorkspace();
  await put('.env', 0o600);
  git('add', '--force', '.env');
  git('commit', '--quiet', '--message', 'oops');
  git('reset', '--quiet', '--hard', 'HEAD~1');
  expect(await find()).toBe(inHistory);
});
