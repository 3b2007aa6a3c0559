/** A workspace that is not there yet. */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HomeName } from '../../../src/model/home.ts';
import { aWorkspaceIn } from '../../support/upgraded-workspace.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'new-workspace-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

let places = 0;
async function aPlace(): Promise<string> {
  const place = join(root, String(places++));
  await mkdir(place);
  return place;
}

const home = 'home' as HomeName;
const files = Object.fromEntries(
  Array.from({ length: 30 }, (_, n) => [`folder-${n % 5}/file-${n}`, `${n}\n`]),
);
const filesIn = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length;

test('appears with all its files', async () => {
  const place = await aPlace();
  const { upgrade, folder } = aWorkspaceIn(place, home);
  const seen = (async () => {
    for await (const { filename } of watch(place)) if (filename === 'home') return filesIn(folder);
    return 0;
  })();
  await upgrade(files);
  expect(await seen).toBeGreaterThanOrEqual(30);
});

test('holds nothing that an attempt left which was cut off', async () => {
  const place = await aPlace();
  await mkdir(join(place, '.new/home/folder-1'), { recursive: true });
  for (const path of ['left', 'folder-1/file-1']) await writeFile(join(place, '.new/home', path), 'half');
  const { upgrade, folder, read } = aWorkspaceIn(place, home);
  await upgrade(files);
  expect(await read('folder-1/file-1')).toBe('1\n');
  expect(await readdir(folder)).not.toContain('left');
  expect(await readdir(join(place, '.new'))).toEqual([]);
});

test('is laid into a folder that was made for it', async () => {
  const place = await aPlace();
  await mkdir(join(place, home));
  const { upgrade, read } = aWorkspaceIn(place, home);
  await upgrade(files);
  expect(await read('folder-1/file-1')).toBe('1\n');
});

test('is not laid through a link, and nothing behind that is lost', async () => {
  const place = await aPlace();
  await mkdir(join(place, 'elsewhere/home'), { recursive: true });
  await writeFile(join(place, 'elsewhere/home/theirs'), 'theirs');
  await symlink(join(place, 'elsewhere'), join(place, '.new'));
  const { upgrade } = aWorkspaceIn(place, home);
  await expect(upgrade(files)).rejects.toMatchObject({ code: 'WORKSPACE_UNSAFE' });
  expect(await readFile(join(place, 'elsewhere/home/theirs'), 'utf8')).toBe('theirs');
  expect(await readdir(place)).not.toContain('home');
});

test('leaves nothing behind when it can not be laid', async () => {
  const place = await aPlace();
  const { upgrade } = aWorkspaceIn(place, home);
  const tooLong = 'x'.repeat(300);
  await expect(upgrade({ ...files, [tooLong]: '' })).rejects.toMatchObject({
    code: 'WORKSPACE_UNWRITABLE',
    facts: { path: tooLong, error: 'ENAMETOOLONG' },
  });
  expect(await readdir(join(place, '.new'))).toEqual([]);
  expect(await readdir(place)).not.toContain('home');
});
