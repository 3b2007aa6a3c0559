/** What a person has where a file of ours is to be is kept beside it. */
import { constants } from 'node:fs';
import { copyFile, link, lstat, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FileState, fileDigest, isDigestOf } from './digest.ts';
import { inOurWords, readPlainFile, refuseLinks } from './tree.ts';

/** Suffix of what lay where one of ours had to be. */
export const olderSuffix = '.orig';

/** Deletes a file of ours unless a person changed it, or has begun to since we looked. */
export async function removeUntouched(
  folder: string,
  path: string,
  digest: string | undefined,
): Promise<void> {
  const live = await readPlainFile(folder, path);
  if (live === null || fileDigest(live) !== digest) return;
  await rm(join(folder, path), { force: true }).catch(inOurWords(path));
  await removeEmptyFolders(folder, dirname(path));
}

/**
 * Makes room for files: a file in the place of one of their folders, and what is no file in their own, is moved aside.
 *
 * @returns what was moved
 * @throws ProvisionerError `WORKSPACE_UNSAFE` when a link lies on the way to one of them
 */
export async function makeRoom(folder: string, paths: readonly string[]): Promise<readonly string[]> {
  const files = new Set(paths);
  const folders = new Set(paths.flatMap(foldersOf));
  const moved = await Promise.all(
    [...folders, ...files].map(async (path) => {
      // What lies behind one is not in this workspace, whatever it is.
      await refuseLinks(folder, path);
      const stat = await lstat(join(folder, path)).catch(() => null);
      const inTheWay = files.has(path) ? stat?.isFile() === false : stat?.isFile() === true;
      if (!inTheWay || (await removedEmpty(join(folder, path)))) return [];
      await moveAside(folder, path);
      return [path];
    }),
  );
  return moved.flat();
}

/** `a` and `a/b` of `a/b/c`. */
function foldersOf(path: string): string[] {
  const segments = path.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
}

/** Gives a file of a person's that is to be replaced a second name; the same text, kept already, is not kept twice. */
export async function keepBeside(folder: string, path: string, live: FileState): Promise<void> {
  const name = await freeName(folder, path, live);
  if (name === null) return;
  const [from, to] = [join(folder, path), join(folder, name)];
  await link(from, to)
    // Not every file system of a volume has second names.
    .catch(() => copyFile(from, to, constants.COPYFILE_EXCL))
    .catch(inOurWords(path));
}

async function moveAside(folder: string, path: string): Promise<void> {
  const name = await freeName(folder, path, null);
  if (name === null) return;
  await rename(join(folder, path), join(folder, name)).catch(inOurWords(path));
}

/** A name that nothing has; `null`: the same text lies there. */
async function freeName(folder: string, path: string, live: FileState | null): Promise<string | null> {
  for (let number = 1; ; number += 1) {
    const name = `${path}${olderSuffix}${number === 1 ? '' : `.${number}`}`;
    const there = await lstat(join(folder, name)).catch(() => null);
    if (there === null) return name;
    if (live === null || !isText(live.content)) continue;
    const kept = await readPlainFile(folder, name);
    if (kept?.content === live.content) return null;
  }
}

/** What is left of a file of ours: its text, or nothing that anybody changed. */
export function isOurs(live: FileState, next: FileState, before: string | undefined): boolean {
  return live.content === next.content || isDigestOf(before, live.content);
}

/** A byte that is no text reads as U+FFFD. */
export function isText(content: string): boolean {
  return !content.includes('\ufffd');
}

function removedEmpty(folder: string): Promise<boolean> {
  return rmdir(folder).then(
    () => true,
    () => false,
  );
}

/** Folders that held nothing but what we took away. */
async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  if (folder === '.' || !(await removedEmpty(join(root, folder)))) return;
  await removeEmptyFolders(root, dirname(folder));
}
