/** Templates from git repositories, with real git. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchTemplate } from '../../../src/workspace/template-source.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'template-source-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

let repositories = 0;
async function aRepository() {
  const folder = join(root, `repository-${repositories++}`);
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=a@example.com', ...words], {
      cwd: folder,
      encoding: 'utf8',
    }).trim();
  const commit = async (text: string) => {
    await mkdir(join(folder, 'dbt'), { recursive: true });
    await writeFile(join(folder, 'dbt/template.yaml'), text);
    git('add', '--all');
    git('commit', '--quiet', '--message', text);
    return git('rev-parse', 'HEAD');
  };
  await mkdir(folder);
  git('init', '--quiet', '--initial-branch=main');
  const place = { git: `file://${folder}`, ref: 'main', folder: 'dbt' };
  return { folder, git, commit, place, cache: join(root, `cache-${repositories}`) };
}

const textIn = (folder: string) => readFile(join(folder, 'template.yaml'), 'utf8');

describe('a template in a repository', () => {
  test('is what the ref says, and is known by its commit', async () => {
    const { commit, place, cache } = await aRepository();
    const first = await commit('one');
    const fetched = await fetchTemplate(place, cache);
    expect(fetched).toMatchObject({ commit: first, stale: false });
    expect(await textIn(fetched.folder)).toBe('one');
  });

  test('follows a branch, and stays with a tag', async () => {
    const { commit, git, place, cache } = await aRepository();
    await commit('one');
    git('tag', 'v1');
    await fetchTemplate(place, cache);
    await commit('two');
    expect(await textIn((await fetchTemplate(place, cache)).folder)).toBe('two');
    expect(await textIn((await fetchTemplate({ ...place, ref: 'v1' }, cache)).folder)).toBe('one');
  });

  test('is there while its server is away', async () => {
    const { folder, commit, place, cache } = await aRepository();
    await commit('one');
    await fetchTemplate(place, cache);
    await rename(folder, `${folder}-away`);
    const fetched = await fetchTemplate(place, cache);
    expect(fetched.stale).toBe(true);
    expect(await textIn(fetched.folder)).toBe('one');
  });

  test('does not lead out of it', async () => {
    const { folder, commit, git, place, cache } = await aRepository();
    await commit('one');
    await symlink('/', join(folder, 'root'));
    git('add', '--all');
    git('commit', '--quiet', '--message', 'A link');
    const out = { ...place, folder: `root${root}` };
    await expect(fetchTemplate(out, cache)).rejects.toMatchObject({
      code: 'TEMPLATE_INVALID',
      message: expect.stringContaining('leads out of it'),
    });
  });

  test('that was never fetched says what is wrong', async () => {
    const { commit, place, cache } = await aRepository();
    await commit('one');
    const nowhere = { ...place, git: `file://${root}/nowhere` };
    await expect(fetchTemplate(nowhere, cache)).rejects.toMatchObject({
      code: 'TEMPLATE_INVALID',
      message: expect.stringContaining('nowhere'),
    });
    await expect(fetchTemplate({ ...place, ref: 'v9' }, cache)).rejects.toThrow('it has no v9');
  });
});
