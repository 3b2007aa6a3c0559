/** A workspace that two editors mount, each with a user of its own and a group in common. Needs root to be both. */
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HomeName } from '../../../src/model/home.ts';
import { sha256 } from '../../../src/workspace/digest.ts';
import { Workspaces } from '../../../src/workspace/workspace.ts';

const group = 4100;
const coder = { uid: 4101, gid: group };
const rstudio = { uid: 4102, gid: group };
const stranger = { uid: 4103, gid: 4103 };
const home = 'sales' as HomeName;

describe.skipIf(process.getuid?.() !== 0)('two editors', () => {
  let root: string;
  let workspaces: Workspaces;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'two-editors-'));
    await chmod(root, 0o755);
    workspaces = new Workspaces({ root, owner: { uid: undefined, gid: group }, history: true });
    await workspaces.writeEnv(home, { S3_SECRET_KEY: 'the-secret' }, null);
    await update('one\ntwo\nthree\n', {});
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  /** Renders a README and a model, as the daemon does. */
  async function update(readme: string, before: Readonly<Record<string, string>>) {
    const files = [
      ['README.md', readme],
      ['models/a.sql', 'select 1\n'],
    ].map(([path = '', content = '']) => ({
      path,
      content,
      digest: sha256(content),
      ownership: 'merged' as const,
      executable: false,
    }));
    const after = Object.fromEntries(files.map((file) => [file.path, file.digest]));
    const changed = files.filter((file) => before[file.path] !== file.digest).map((file) => file.path);
    const steps =
      Object.keys(before).length === 0 ? { write: changed, merge: [] } : { write: [], merge: changed };
    const { entry } = await workspaces.updateFiles(home, {
      ...steps,
      remove: [],
      files,
      before,
      after,
      message: 'x\n',
      at: new Date(),
    });
    if (entry !== null) await workspaces.commit(home, entry);
    return after;
  }

  function as(user: { uid: number; gid: number }, script: string) {
    const env = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', GIT_CONFIG_COUNT: '3' };
    const settings = ['safe.directory', '*', 'user.name', 'Ada', 'user.email', 'ada@example.com'];
    const pairs = [0, 1, 2].flatMap((index) => [
      [`GIT_CONFIG_KEY_${index}`, settings[index * 2] ?? ''],
      [`GIT_CONFIG_VALUE_${index}`, settings[index * 2 + 1] ?? ''],
    ]);
    const { status, stdout, stderr } = spawnSync('sh', ['-c', `umask 002; ${script}`], {
      ...user,
      cwd: join(root, home),
      env: { ...env, ...Object.fromEntries(pairs) },
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  }

  test('both read the keys, and nobody else does', () => {
    expect(as(coder, 'cat .env').output).toContain('the-secret');
    expect(as(rstudio, 'cat .env').output).toContain('the-secret');
    expect(as(stranger, 'cat .env')).toMatchObject({ status: 1, output: expect.stringContaining('denied') });
  });

  test('each changes what the other, or the provisioner, made', async () => {
    expect(
      as(coder, 'echo mine >> README.md && mkdir models/deep && echo x > models/deep/b.sql').output,
    ).toBe('');
    expect(
      as(rstudio, 'echo too >> models/deep/b.sql && rm models/a.sql && echo too >> README.md').output,
    ).toBe('');
    expect(await readFile(join(root, home, 'models/deep/b.sql'), 'utf8')).toBe('x\ntoo\n');
    expect((await stat(join(root, home, 'models/deep'))).gid).toBe(group);
  });

  test('both commit, and the provisioner goes on between them', async () => {
    const first = { 'README.md': sha256('one\ntwo\nthree\n'), 'models/a.sql': sha256('select 1\n') };
    expect(as(coder, 'sed -i s/one/ONE/ README.md && git commit --quiet --all --message mine')).toMatchObject(
      {
        status: 0,
      },
    );
    await update('one\ntwo\nTHREE\n', first);
    expect(await readFile(join(root, home, 'README.md'), 'utf8')).toBe('ONE\ntwo\nTHREE\n');
    expect(as(rstudio, 'echo x > c.sql && git add --all && git commit --quiet --message too').output).toBe(
      '',
    );
    expect(as(coder, 'git status --porcelain && git fsck --strict').output).not.toMatch(
      /error|fatal|^ ?[MA]/m,
    );
  });
});
