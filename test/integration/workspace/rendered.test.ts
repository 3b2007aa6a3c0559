/** What was rendered last, read from repositories that people made. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simpleGit } from 'simple-git';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Repository } from '../../../src/workspace/repository.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rendered-'));
});
afterAll(() => rm(root, { recursive: true }));

test.each(['sha1', 'sha256'])(
  'a file and its mode are found among others, by names of %s',
  async (format) => {
    const workspace = join(root, format);
    await mkdir(join(workspace, 'models'), { recursive: true });
    for (const [name, mode] of [
      ['a.sql', 0o644],
      ['run it.sh', 0o755],
      ['z.sql', 0o644],
    ] as const)
      await writeFile(join(workspace, 'models', name), `of ${name}\n`, { mode });
    const git = simpleGit(workspace);
    await git.init([`--object-format=${format}`, '--initial-branch=provisioner/template']);
    await git.addConfig('user.name', 'Ada').addConfig('user.email', 'ada@example.org');
    await git.add('.').commit('by hand');
    const repository = new Repository(workspace, { uid: undefined, gid: undefined });
    expect(await repository.readRendered('models/z.sql')).toMatchObject({
      content: 'of z.sql\n',
      executable: false,
    });
    expect(await repository.readRendered('models/run it.sh')).toMatchObject({ executable: true });
    expect(await repository.readRendered('models')).toBeNull();
    expect(await repository.readRendered('models/none.sql')).toBeNull();
  },
);
