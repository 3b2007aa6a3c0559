/** Branches of a repository, read without git and without following links: asked at every run. */
import { withSmallFile } from './tree.ts';

/**
 * @param gitDir a workspace's `.git`
 * @param names full names of branches
 * @returns name → commit; those that are not there, or stand for another, are left out
 */
export async function readTips(
  gitDir: string,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const found = names.map(async (name) => {
    const commit = (await looseRef(gitDir, name)) ?? (await packedRef(gitDir, name));
    return commit === null ? [] : [[name, commit] as const];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

async function looseRef(gitDir: string, name: string): Promise<string | null> {
  const text = await readText(gitDir, name, 256);
  return /^[0-9a-f]{40}$/.exec(text.trim())?.[0] ?? null;
}

/** Lines of `<commit> <name>` (git documentation). */
async function packedRef(gitDir: string, name: string): Promise<string | null> {
  const lines = (await readText(gitDir, 'packed-refs', 1024 * 1024)).split('\n');
  const line = lines.find((each) => each.slice(41) === name);
  return /^[0-9a-f]{40}(?= )/.exec(line ?? '')?.[0] ?? null;
}

function readText(gitDir: string, path: string, mostBytes: number): Promise<string> {
  return withSmallFile(gitDir, path, mostBytes, async (file) => (file === null ? '' : file.read()));
}
