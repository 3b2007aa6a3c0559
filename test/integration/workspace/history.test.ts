/** A workspace's files and its history through template upgrades, with real git. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HomeName } from '../../../src/model/home.ts';
import { aWorkspaceIn } from '../../support/upgraded-workspace.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'history-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

let homes = 0;

const aWorkspace = () => aWorkspaceIn(root, `home-${homes++}` as HomeName);

const v1 = 'one\ntwo\nthree\nfour\nfive\n';
const v2 = 'one\ntwo\nthree\nfour\nFIVE\n';
const mine = 'ONE\ntwo\nthree\nfour\nfive\n';
const both = 'ONE\ntwo\nthree\nfour\nFIVE\n';

describe('a new workspace', () => {
  test('is a repository with everything committed, and our branch where theirs begins', async () => {
    const { upgrade, git, status } = aWorkspace();
    await upgrade({ 'README.md': v1, 'models/a.sql': 'select 1\n', 'run.sh': '#!/bin/sh\n' });
    expect(status()).toBe('');
    expect(git('rev-parse', 'main')).toBe(git('rev-parse', 'provisioner/template'));
    expect(git('log', '--format=%an %s', 'main').trim()).toBe('Data Product Provisioner Follow the template');
    expect(git('ls-files', '--stage', 'run.sh')).toMatch(/^100755 /);
  });

  test('keeps .env out of the repository, whatever .gitignore says', async () => {
    const { home, workspaces, upgrade, git, status } = aWorkspace();
    await workspaces.writeEnv(home, { S3_SECRET_KEY: 'secret' }, null);
    await upgrade({ '.gitignore': '' });
    expect(status()).toBe('');
    git('add', '--all');
    expect(git('ls-files').trim()).toBe('.gitignore');
  });

  test('takes names that people think of', async () => {
    const { upgrade, status, git } = aWorkspace();
    await upgrade({ 'a b.md': v1, 'quo"te.md': v1, 'ümlaut/日本.md': v1, '-dash': v1, ':(top)x': v1 });
    expect(status()).toBe('');
    await upgrade({ 'a b.md': v2, 'quo"te.md': v2, 'ümlaut/日本.md': v2, '-dash': v2, ':(top)x': v2 });
    expect(status()).toBe('');
    expect(git('show', 'HEAD:ümlaut/日本.md')).toBe(v2);
  });
});

describe('an upgrade', () => {
  test('follows the template where nobody edited, as a merge of our branch', async () => {
    const { upgrade, git, read, status } = aWorkspace();
    await upgrade({ 'a.md': v1 });
    await upgrade({ 'a.md': v2 });
    expect(await read('a.md')).toBe(v2);
    expect(status()).toBe('');
    expect(git('rev-parse', 'HEAD^2')).toBe(git('rev-parse', 'provisioner/template'));
  });

  test('merges what a person committed with what the template changed', async () => {
    const { upgrade, edit, commitAll, read, status, git } = aWorkspace();
    await upgrade({ 'a.md': v1 });
    await edit('a.md', mine);
    commitAll();
    expect(await upgrade({ 'a.md': v2 })).toMatchObject({ conflicts: [], waiting: [] });
    expect(await read('a.md')).toBe(both);
    expect(status()).toBe('');
    expect(git('show', 'provisioner/template:a.md')).toBe(v2);
  });

  test('waits while a person’s edits of the file are not committed', async () => {
    const { upgrade, edit, commitAll, read, git, status } = aWorkspace();
    await upgrade({ 'a.md': v1, 'b.md': v1 });
    await edit('a.md', mine);
    expect(await upgrade({ 'a.md': v2, 'b.md': v2 })).toMatchObject({ conflicts: [], waiting: ['a.md'] });
    expect([await read('a.md'), await read('b.md')]).toEqual([mine, v2]);
    expect(status()).toBe(' M a.md\n');
    expect(git('show', 'provisioner/template:a.md')).toBe(v1);
    commitAll();
    expect(await upgrade({ 'a.md': v2, 'b.md': v2 })).toMatchObject({ waiting: [] });
    expect(await read('a.md')).toBe(both);
    expect(status()).toBe('');
  });

  test('leaves a file that both changed in the same place, and lays the new version beside it', async () => {
    const { home, workspaces, upgrade, edit, commitAll, read, git } = aWorkspace();
    await upgrade({ 'a.md': v1 });
    await edit('a.md', v1.replace('five', 'mine'));
    commitAll();
    expect(await upgrade({ 'a.md': v2 })).toMatchObject({ conflicts: ['a.md'] });
    expect(await read('a.md')).toBe(v1.replace('five', 'mine'));
    expect(await read('a.md.new')).toBe(v2);
    expect(git('show', 'provisioner/template:a.md')).toBe(v2);
    expect((await workspaces.observe(home, ['a.md'], ['a.md'])).conflicts).toEqual(['a.md']);
    expect(await upgrade({ 'a.md': v2 })).toMatchObject({ conflicts: [] });
  });

  test('keeps line endings and mode of a person’s file', async () => {
    const { folder, upgrade, edit, commitAll, read, status, git } = aWorkspace();
    await upgrade({ 'a.md': v1 });
    await edit('a.md', mine.replaceAll('\n', '\r\n'));
    await chmod(join(folder, 'a.md'), 0o755);
    commitAll();
    await upgrade({ 'a.md': v2 });
    expect(await read('a.md')).toBe(both.replaceAll('\n', '\r\n'));
    expect(git('ls-files', '--stage', 'a.md')).toMatch(/^100755 /);
    expect(status()).toBe('');
  });

  test('never rewrites a file that is no text any more', async () => {
    const { folder, upgrade, commitAll } = aWorkspace();
    await upgrade({ 'a.md': v1 });
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x41]);
    await writeFile(join(folder, 'a.md'), bytes);
    commitAll();
    expect(await upgrade({ 'a.md': v2 })).toMatchObject({ conflicts: ['a.md'] });
    expect(await readFile(join(folder, 'a.md'))).toEqual(bytes);
  });

  test('takes away what the template dropped and nobody edited, and keeps the rest', async () => {
    const { upgrade, edit, commitAll, read, status } = aWorkspace();
    await upgrade({ 'gone.md': v1, 'kept.md': v1, 'stays.md': v1 });
    await edit('kept.md', mine);
    commitAll();
    await upgrade({ 'stays.md': v1 });
    await expect(read('gone.md')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await read('kept.md')).toBe(mine);
    expect(status()).toBe('');
  });

  test('leaves deleted what a person deleted', async () => {
    const { folder, upgrade, commitAll, read, status } = aWorkspace();
    await upgrade({ 'a.md': v1, 'b.md': v1 });
    await rm(join(folder, 'a.md'));
    commitAll();
    await upgrade({ 'a.md': v2, 'b.md': v2 });
    await expect(read('a.md')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(status()).toBe('');
  });

  test('commits to the branch that is checked out, and to none while a merge is under way', async () => {
    const { folder, upgrade, git, status } = aWorkspace();
    await upgrade({ 'a.md': v1 });
    git('switch', '--quiet', '--create', 'feature');
    await upgrade({ 'a.md': v2 });
    expect(git('log', '-1', '--format=%s', 'feature').trim()).toBe('Follow the template');
    expect(git('log', '--format=%h', 'main').trim().split('\n')).toHaveLength(1);
    const before = git('rev-parse', 'feature');
    await writeFile(join(folder, '.git/MERGE_HEAD'), before);
    await upgrade({ 'a.md': v1 });
    expect(git('rev-parse', 'feature')).toBe(before);
    await rm(join(folder, '.git/MERGE_HEAD'));
    expect(status()).toBe(' M a.md\n');
  });

  test('done again after a cut at any point ends the same way', async () => {
    const { upgrade, edit, commitAll, read, status, forget } = aWorkspace();
    await upgrade({ 'a.md': v1, 'b.md': v1 });
    await edit('a.md', mine);
    commitAll();
    await upgrade({ 'a.md': v2, 'b.md': v2 });
    // The books never heard of either update.
    forget();
    await upgrade({ 'a.md': v2, 'b.md': v2 });
    expect([await read('a.md'), await read('b.md')]).toEqual([both, v2]);
    expect(status()).toBe('');
  });

  test('goes on in a repository that a person made', async () => {
    const { folder, upgrade, git, status, read } = aWorkspace();
    await mkdir(folder, { recursive: true });
    git('init', '--quiet', '--initial-branch=trunk');
    await writeFile(join(folder, 'notes.md'), 'mine\n');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'mine');
    await upgrade({ 'a.md': v1 });
    await upgrade({ 'a.md': v2 });
    expect([await read('a.md'), await read('notes.md')]).toEqual([v2, 'mine\n']);
    expect(status()).toBe('');
    expect(git('log', '--format=%s', '--first-parent', 'trunk').trim().split('\n')).toHaveLength(3);
  });
});

describe('what somebody puts into .git', () => {
  test('never runs: no hook, no filter, no file system monitor', async () => {
    const { folder, upgrade, edit, commitAll, git } = aWorkspace();
    await upgrade({ 'a.md': v1, '.gitattributes': '* filter=evil\n' });
    await edit('a.md', mine);
    commitAll();
    const trap = join(folder, '..', `trap-${homes}`);
    const script = `#!/bin/sh\necho "$0 $*" >> '${trap}'\ncat\n`;
    for (const hook of ['post-commit', 'reference-transaction', 'post-index-change', 'pre-commit']) {
      await mkdir(join(folder, '.git/hooks'), { recursive: true });
      await writeFile(join(folder, '.git/hooks', hook), script, { mode: 0o755 });
    }
    await writeFile(join(folder, '.git/evil.sh'), script, { mode: 0o755 });
    for (const key of [
      'core.fsmonitor',
      'filter.evil.clean',
      'filter.evil.smudge',
      'diff.external',
      'core.pager',
    ])
      git('config', key, join(folder, '.git/evil.sh'));
    await upgrade({ 'a.md': v2, '.gitattributes': '* filter=evil\n' });
    await expect(readFile(trap, 'utf8')).rejects.toMatchObject({ code: 'ENOENT' });
    // The trap is one: what a person runs there falls into it.
    git('status');
    expect(await readFile(trap, 'utf8')).toContain('evil.sh');
  });

  test.each([
    ['.git itself is a link', '.git', 'rename'],
    ['the index is a link', '.git/index', 'replace'],
    ['the objects are a link', '.git/objects', 'rename'],
    ['a branch is a link', '.git/refs/heads/main', 'replace'],
  ])('leads nowhere when %s', async (_what, path, how) => {
    const { folder, upgrade } = aWorkspace();
    await upgrade({ 'a.md': v1 });
    const outside = join(root, `outside-${homes++}`);
    const full = join(folder, path);
    if (how === 'rename') execFileSync('mv', [full, outside]);
    else {
      await writeFile(outside, 'theirs\n');
      await rm(full);
    }
    await symlink(outside, full);
    await expect(upgrade({ 'a.md': v2 })).rejects.toMatchObject({ code: 'WORKSPACE_UNSAFE' });
    if (how === 'replace') expect(await readFile(outside, 'utf8')).toBe('theirs\n');
  });

  test.each(['commondir', 'objects/info/alternates'])(
    'may not say that git is elsewhere (%s)',
    async (name) => {
      const { folder, upgrade } = aWorkspace();
      await upgrade({ 'a.md': v1 });
      await mkdir(join(folder, '.git/objects/info'), { recursive: true });
      await writeFile(join(folder, '.git', name), '/tmp\n');
      await expect(upgrade({ 'a.md': v2 })).rejects.toMatchObject({ code: 'WORKSPACE_UNSAFE' });
    },
  );
});
