/** What a workspace's files may be used for, whatever the daemon is started with. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { HomeName } from '../../../src/model/home.ts';

test.for(['022', '077', '000'])('people can read a workspace made under umask %s', async (umask) => {
  // As a process that was started so.
  const before = process.umask(umask);
  vi.resetModules();
  const root = await mkdtemp(join(tmpdir(), 'modes-'));
  try {
    const { aWorkspaceIn } = await import('../../support/upgraded-workspace.ts');
    const { upgrade, folder } = aWorkspaceIn(root, 'home' as HomeName);
    await upgrade({ 'a.sql': '1\n', 'models/b.sql': '1\n' });
    await upgrade({ 'a.sql': '2\n', 'models/b.sql': '2\n', 'seeds/c.csv': '2\n' });
    const modes = Object.fromEntries(
      await Promise.all(
        (await readdir(folder, { recursive: true }))
          .filter((path) => !path.startsWith('.git'))
          .map(async (path) => [path, ((await stat(join(folder, path))).mode & 0o777).toString(8)]),
      ),
    );
    expect(modes).toEqual({
      'a.sql': '644',
      models: '755',
      'models/b.sql': '644',
      seeds: '755',
      'seeds/c.csv': '644',
    });
  } finally {
    process.umask(before);
    await rm(root, { recursive: true, force: true });
  }
});
