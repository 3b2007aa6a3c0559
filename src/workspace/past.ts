/** What a workspace's repository holds from before: read by git's plumbing, never through the working tree. */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileDigest } from './digest.ts';
import { readObjects, runGit } from './git-plumbing.ts';

/** A secret lies in small files; bigger ones are data. */
export const largestSearched = 1_000_000;
/** Objects that are read at a time: bounds the memory of a search. */
const objectsAtOnce = 64;

/** Path → digest of every file of a commit. */
export async function digestsAt(gitDir: string, commit: string): Promise<Readonly<Record<string, string>>> {
  const lines = await runGit(gitDir, ['ls-tree', '-r', '-z', '--full-tree', commit]);
  const files = [...lines.matchAll(/(\d+) blob ([0-9a-f]+)\t([^\0]+)\0/g)];
  if (files.length === 0) return {};
  const contents = splitObjects(
    await readObjects(
      gitDir,
      files.map(([, , id = '']) => id),
    ),
  );
  return Object.fromEntries(
    files.map(([, mode, , path = ''], index) => [
      path,
      fileDigest({ content: contents[index] ?? '', executable: mode === '100755' }),
    ]),
  );
}

/** Repository → its branches and its index when it was last searched through, and for what. */
const searched = new Map<string, string>();

/**
 * Whether a text lies in any object up to 1 MB, reachable or not. A repository in which nothing was committed or staged since
 * it was last searched for the same text is not read again.
 */
export async function searchObjects(gitDir: string, text: string): Promise<boolean> {
  const state = createHash('sha256')
    .update(text)
    .update(await branchesOf(gitDir))
    .update(await stampOfIndex(gitDir))
    .digest('hex');
  if (searched.get(gitDir) === state) return false;
  const listed = await runGit(gitDir, [
    'cat-file',
    '--batch-all-objects',
    '--batch-check=%(objecttype) %(objectsize) %(objectname)',
  ]);
  const names = listed.split('\n').flatMap((line) => {
    const [type, size, name] = line.split(' ');
    return type === 'blob' && name !== undefined && Number(size) <= largestSearched ? [name] : [];
  });
  if (await anyHolds(gitDir, names, [text])) return true;
  searched.set(gitDir, state);
  return false;
}

/** Whether one of the texts lies in one of the objects. */
export async function anyHolds(
  gitDir: string,
  names: readonly string[],
  texts: readonly string[],
): Promise<boolean> {
  for (let index = 0; index < names.length; index += objectsAtOnce) {
    const contents = await readObjects(gitDir, names.slice(index, index + objectsAtOnce));
    if (texts.some((text) => contents.includes(text))) return true;
  }
  return false;
}

async function branchesOf(gitDir: string): Promise<string> {
  const entries = await readdir(join(gitDir, 'refs'), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = [join(gitDir, 'HEAD'), join(gitDir, 'packed-refs'), ...files].map((path) =>
    readFile(path, 'utf8').catch(() => ''),
  );
  return (await Promise.all(read)).join('\0');
}

/** What is staged is an object that no branch leads to. */
async function stampOfIndex(gitDir: string): Promise<string> {
  const stat = await lstat(join(gitDir, 'index')).catch(() => null);
  return stat === null ? '' : [stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs].join(' ');
}

function splitObjects(stream: Buffer): Buffer[] {
  const contents: Buffer[] = [];
  let at = 0;
  while (at < stream.length) {
    const end = stream.indexOf('\n', at);
    if (end < 0) break;
    const size = Number(stream.subarray(at, end).toString('latin1').split(' ')[2]);
    contents.push(stream.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return contents;
}
