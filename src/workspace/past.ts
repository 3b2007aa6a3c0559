/** What a workspace's repository holds from before: read by git's plumbing, never through the working tree. */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type FileState, fileDigest } from './digest.ts';
import { readObjects, runGit } from './git-plumbing.ts';

/** A secret lies in small files; bigger ones are data. */
export const largestSearched = 1_000_000;
/** Objects that are read at a time: bounds the memory of a search. */
const objectsAtOnce = 64;

/** A file of a commit. */
export interface PastFile extends FileState {
  /** The name git gives the content. */
  readonly blob: string;
}

/**
 * A file as it is in a commit; `null`: there is none, or it is no plain file.
 *
 * @param commit any name of it: a branch, `HEAD`, an id
 */
export async function fileAt(gitDir: string, commit: string, path: string): Promise<PastFile | null> {
  const folder = dirname(path) === '.' ? '' : dirname(path);
  const [tree, file] = splitObjects(await readObjects(gitDir, [`${commit}:${folder}`, `${commit}:${path}`]));
  if (tree === undefined || file?.type !== 'blob') return null;
  const mode = modeIn(tree.content, basename(path), file.id.length / 2);
  if (mode !== '100644' && mode !== '100755') return null;
  return { blob: file.id, content: file.content.toString('utf8'), executable: mode === '100755' };
}

/**
 * A tree is a row of `<mode> <name>\0<id>` (git documentation: gitformat-pack, tree entries).
 *
 * @param idBytes length of an id: 20, or 32 in a repository of SHA-256
 */
function modeIn(tree: Buffer, name: string, idBytes: number): string | undefined {
  for (let at = 0, end = tree.indexOf(0); end >= 0; at = end + 1 + idBytes, end = tree.indexOf(0, at)) {
    const [mode = '', ...rest] = tree.toString('utf8', at, end).split(' ');
    if (rest.join(' ') === name) return mode;
  }
  return undefined;
}

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
      fileDigest({ content: contents[index]?.content ?? '', executable: mode === '100755' }),
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

interface GitObject {
  readonly id: string;
  readonly type: string;
  readonly content: Buffer;
}

/** In the order in which they were asked for; `undefined`: there is no such object. */
function splitObjects(stream: Buffer): (GitObject | undefined)[] {
  const objects: (GitObject | undefined)[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = stream.indexOf('\n', at);
    if (end < 0) break;
    const line = stream.toString('utf8', at, end);
    const [, id, type = '', size] = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(line) ?? [];
    if (id === undefined) {
      objects.push(undefined);
      at = end + 1;
    } else {
      const last = end + 1 + Number(size);
      objects.push({ id, type, content: stream.subarray(end + 1, last) });
      at = last + 1;
    }
  }
  return objects;
}
