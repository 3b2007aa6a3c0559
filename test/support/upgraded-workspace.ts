/** A workspace that templates are rendered into again and again, while a person works in it. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HomeName } from '../../src/model/home.ts';
import { planFiles } from '../../src/reconcile/plan-files.ts';
import { fileDigest } from '../../src/workspace/digest.ts';
import type { RenderedFile } from '../../src/workspace/render.ts';
import { Workspaces } from '../../src/workspace/workspace.ts';

type Files = Readonly<Record<string, string>>;

/** One workspace below `root`, driven as the reconciler drives it. */
export function aWorkspaceIn(root: string, home: HomeName) {
  const folder = join(root, home);
  const workspaces = new Workspaces({ root, owner: { uid: undefined, gid: undefined }, history: true });
  let rendered: Readonly<Record<string, string>> = {};

  /** Renders a version of the template; everything is `merged` unless it says otherwise. */
  async function upgrade(
    files: Files,
    ownerships: Readonly<Record<string, RenderedFile['ownership']>> = {},
    isExecutable = (path: string) => path.endsWith('.sh'),
  ) {
    const wanted = Object.entries(files).map(([path, content]) => ({
      path,
      content,
      ownership: ownerships[path] ?? ('merged' as const),
      executable: isExecutable(path),
      digest: fileDigest({ content, executable: isExecutable(path) }),
    }));
    const paths = [...new Set([...Object.keys(files), ...Object.keys(rendered)])];
    const { files: live } = await workspaces.observe(home, paths);
    const { rendered: after, ...steps } = planFiles(wanted, { live, rendered });
    const message = 'Follow the template\n\nCause: the test\n';
    const at = new Date(1_800_000_000_000);
    const outcome = await workspaces.updateFiles(home, {
      ...steps,
      files: wanted,
      before: rendered,
      after,
      message,
      at,
    });
    if (outcome.entry !== null) await workspaces.commit(home, outcome.entry);
    rendered = outcome.rendered;
    return outcome;
  }

  const git = (...words: string[]) => {
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' };
    const person = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
    return execFileSync('git', [...person, ...words], { cwd: folder, encoding: 'utf8', env, stdio: 'pipe' });
  };
  return {
    home,
    folder,
    workspaces,
    upgrade,
    git,
    forget: () => {
      rendered = {};
    },
    /** Path → digest of what was rendered last. */
    books: () => rendered,
    /** As after a kill that came before the books were written. */
    forgetSince: (older: Readonly<Record<string, string>>) => {
      rendered = older;
    },
    read: (path: string) => readFile(join(folder, path), 'utf8'),
    edit: (path: string, text: string) => writeFile(join(folder, path), text),
    commitAll: () => git('commit', '--quiet', '--all', '--message', 'mine'),
    /** What git would tell a person: empty = everything is committed. */
    status: () => git('status', '--porcelain'),
  };
}
