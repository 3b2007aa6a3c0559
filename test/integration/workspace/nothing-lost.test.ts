/** What a person has in a workspace outlives every update of it, also where a file of the template has to be. */
import { chmod, lstat, mkdir, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HomeName } from '../../../src/model/home.ts';
import { aWorkspaceIn } from '../../support/upgraded-workspace.ts';

const v1 = 'one\ntwo\nthree\nfour\nfive\n';
const v2 = v1.replace('one', 'ONE');
const v3 = v2.replace('two', 'TWO');
const managed = { 'lib.py': 'managed' } as const;

let root: string;
let homes = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nothing-lost-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
const aWorkspace = () => aWorkspaceIn(root, `home-${homes++}` as HomeName);

describe('a managed file', () => {
  test('takes the place of a person’s own, which is kept beside it', async () => {
    const { upgrade, edit, read } = aWorkspace();
    await upgrade({ 'a.md': v1 });
    await edit('lib.py', 'mine\n');
    expect((await upgrade({ 'a.md': v1, 'lib.py': v1 }, managed)).displaced).toEqual(['lib.py']);
    expect(await read('lib.py')).toBe(v1);
    expect(await read('lib.py.orig')).toBe('mine\n');
  });

  test('is put right; the edit is kept beside it unless git has it', async () => {
    const { folder, upgrade, edit, read, commitAll } = aWorkspace();
    await upgrade({ 'lib.py': v1 }, managed);
    await edit('lib.py', 'committed\n');
    commitAll();
    expect((await upgrade({ 'lib.py': v1 }, managed)).displaced).toEqual([]);
    expect(await read('lib.py')).toBe(v1);
    await edit('lib.py', 'not committed\n');
    expect((await upgrade({ 'lib.py': v1 }, managed)).displaced).toEqual(['lib.py']);
    expect(await read('lib.py.orig')).toBe('not committed\n');
    await edit('lib.py', 'another\n');
    await upgrade({ 'lib.py': v1 }, managed);
    expect(await read('lib.py.orig.2')).toBe('another\n');
    await edit('lib.py', 'another\n');
    await upgrade({ 'lib.py': v1 }, managed);
    await expect(lstat(join(folder, 'lib.py.orig.3'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('that was a person’s to edit keeps what they made of it beside it', async () => {
    const { upgrade, edit, read } = aWorkspace();
    await upgrade({ 'lib.py': v1 }, { 'lib.py': 'once' });
    await edit('lib.py', 'mine\n');
    await upgrade({ 'lib.py': v2 }, managed);
    expect(await read('lib.py')).toBe(v2);
    expect(await read('lib.py.orig')).toBe('mine\n');
  });
});

describe('a mode', () => {
  test('that a person gave stays when the template changes the text', async () => {
    const { folder, upgrade } = aWorkspace();
    await upgrade({ 'a.md': v1 });
    await chmod(join(folder, 'a.md'), 0o755);
    await upgrade({ 'a.md': v2 });
    expect((await lstat(join(folder, 'a.md'))).mode & 0o777).toBe(0o755);
  });

  test('that the template gives reaches a file that lies there, edited or not', async () => {
    const { folder, upgrade, edit, commitAll, read, status } = aWorkspace();
    await upgrade({ 'a.md': v1, 'b.md': v1 });
    await edit('b.md', `${v1}mine\n`);
    commitAll();
    await upgrade({ 'a.md': v1, 'b.md': v1 }, {}, () => true);
    expect((await lstat(join(folder, 'a.md'))).mode & 0o777).toBe(0o755);
    expect((await lstat(join(folder, 'b.md'))).mode & 0o777).toBe(0o755);
    expect(await read('b.md')).toBe(`${v1}mine\n`);
    expect(status()).toBe('');
  });
});

describe('a new version beside an edited file', () => {
  /** In conflict with `v2`. */
  async function inConflict() {
    const workspace = aWorkspace();
    await workspace.upgrade({ 'a.md': v1 });
    await workspace.edit('a.md', v1.replace('one', 'mine'));
    workspace.commitAll();
    await workspace.upgrade({ 'a.md': v2 });
    return workspace;
  }

  test('gives way to the next one', async () => {
    const { folder, upgrade, read } = await inConflict();
    await upgrade({ 'a.md': v2.replace('ONE', 'EINS') });
    expect(await read('a.md.new')).toBe(v2.replace('ONE', 'EINS'));
    await expect(lstat(join(folder, 'a.md.new.orig'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('that a person is half through with is kept when the next one comes', async () => {
    const { edit, upgrade, read } = await inConflict();
    await edit('a.md.new', `${v2}half done\n`);
    await upgrade({ 'a.md': v2.replace('ONE', 'EINS') });
    expect(await read('a.md.new')).toBe(v2.replace('ONE', 'EINS'));
    expect(await read('a.md.new.orig')).toBe(`${v2}half done\n`);
  });

  test('is told again when the run that laid it there was cut off before it could', async () => {
    const workspace = aWorkspace();
    await workspace.upgrade({ 'a.md': v1 });
    await workspace.edit('a.md', v1.replace('one', 'mine'));
    workspace.commitAll();
    const books = workspace.books();
    await workspace.upgrade({ 'a.md': v2 });
    workspace.forgetSince(books);
    expect((await workspace.upgrade({ 'a.md': v2 })).conflicts).toEqual(['a.md']);
  });
});

test('a merge that was cut off between history and books is done, and no conflict', async () => {
  const { upgrade, edit, commitAll, read, books, forgetSince } = aWorkspace();
  await upgrade({ 'a.md': v1 });
  await edit('a.md', v1.replace('five', 'mine'));
  commitAll();
  const before = books();
  await upgrade({ 'a.md': v3 });
  forgetSince(before);
  expect((await upgrade({ 'a.md': v3 })).conflicts).toEqual([]);
  expect(await read('a.md')).toBe(v3.replace('five', 'mine'));
});

describe('a file and a folder of one name', () => {
  test('take each other’s place when the template says so', async () => {
    const { upgrade, read, status } = aWorkspace();
    await upgrade({ a: v1 });
    await upgrade({ 'a/b.md': v1 });
    expect(await read('a/b.md')).toBe(v1);
    await upgrade({ a: v2 });
    expect(await read('a')).toBe(v2);
    expect(status()).toBe('');
  });

  test('do not cost a person’s edits: what is in the way is moved aside', async () => {
    const { folder, upgrade, edit, read } = aWorkspace();
    await upgrade({ a: v1 });
    await edit('a', 'mine\n');
    expect((await upgrade({ 'a/b.md': v1 })).displaced).toEqual(['a']);
    expect(await read('a/b.md')).toBe(v1);
    expect(await read('a.orig')).toBe('mine\n');
    await mkdir(join(folder, 'c'));
    await writeFile(join(folder, 'c', 'mine.md'), 'mine\n');
    await upgrade({ 'a/b.md': v1, c: v1 });
    expect(await read('c')).toBe(v1);
    expect(await read('c.orig/mine.md')).toBe('mine\n');
  });
});

test('a link of a person’s in the place of a file is moved aside as it is', async () => {
  const { folder, upgrade, read } = aWorkspace();
  await upgrade({ 'a.md': v1 });
  await symlink('/nowhere', join(folder, 'lib.py'));
  expect((await upgrade({ 'a.md': v1, 'lib.py': v1 }, managed)).displaced).toEqual(['lib.py']);
  expect(await read('lib.py')).toBe(v1);
  expect(await readlink(join(folder, 'lib.py.orig'))).toBe('/nowhere');
});

test('a file that git checked out with other line endings counts as committed', async () => {
  const { folder, upgrade, edit, git, read } = aWorkspace();
  await upgrade({ 'a.md': v1 });
  git('config', 'core.autocrlf', 'true');
  await edit('a.md', v1.replace('five', 'mine'));
  git('commit', '--quiet', '--all', '--message', 'mine');
  await rm(join(folder, 'a.md'));
  git('checkout', 'a.md');
  expect(await read('a.md')).toContain('\r\n');
  expect((await upgrade({ 'a.md': v2 })).waiting).toEqual([]);
  expect(await read('a.md')).toBe(v2.replace('five', 'mine').replaceAll('\n', '\r\n'));
});

test('an edited file that the template has no more is named in the history', async () => {
  const { upgrade, edit, commitAll, git } = aWorkspace();
  await upgrade({ 'old.md': v1, 'a.md': v1 });
  await edit('old.md', 'mine\n');
  commitAll();
  expect((await upgrade({ 'new.md': v1, 'a.md': v1 })).left).toEqual(['old.md']);
  expect(git('log', '-1', '--format=%B')).toContain('yours from now on, as you changed it: old.md');
});
