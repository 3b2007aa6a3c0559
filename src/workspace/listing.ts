/** What lies in a workspace, by name and size: for looking, never for reading what is in a file. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HomeName } from '../model/home.ts';

export interface ListedFile {
  readonly name: string;
  readonly kind: 'folder' | 'file' | 'link' | 'other';
  readonly bytes: number;
  readonly changedAt: Date;
}

export interface Listing {
  /** Folders first, by name. */
  readonly entries: readonly ListedFile[];
  /** There are more than are listed. */
  readonly more: boolean;
}

/** Most entries of one folder that are looked at. */
const most = 300;
const hidden = new Set(['.git', '.provisioner-check']);

/**
 * Lists one folder of a workspace. A path that is not plainly below the workspace, or leads through a link, is as if
 * it were not there.
 *
 * @param root folder of all workspaces
 * @param path `/` between segments; empty: the workspace itself
 * @returns null when there is no such folder
 */
export async function listFolder(root: string, home: HomeName, path: string): Promise<Listing | null> {
  const segments = path === '' ? [] : path.split('/');
  if (segments.some(isUnsafe)) return null;
  let folder = root;
  for (const segment of [home, ...segments]) {
    folder = join(folder, segment);
    const stat = await lstat(folder).catch(() => null);
    if (stat?.isDirectory() !== true) return null;
  }
  const names = (await readdir(folder)).filter((name) => !hidden.has(name)).sort();
  const entries = await Promise.all(names.slice(0, most).map((name) => look(folder, name)));
  const there = entries.filter((entry) => entry !== null);
  const isFolder = (entry: ListedFile) => entry.kind === 'folder';
  return {
    entries: [...there.filter(isFolder), ...there.filter((entry) => !isFolder(entry))],
    more: names.length > most,
  };
}

function isUnsafe(segment: string): boolean {
  return (
    segment === '' || segment === '.' || segment === '..' || hidden.has(segment) || /[\\\0]/.test(segment)
  );
}

async function look(folder: string, name: string): Promise<ListedFile | null> {
  const stat = await lstat(join(folder, name)).catch(() => null);
  if (stat === null) return null;
  const kind = stat.isDirectory()
    ? 'folder'
    : stat.isFile()
      ? 'file'
      : stat.isSymbolicLink()
        ? 'link'
        : 'other';
  return { name, kind, bytes: stat.size, changedAt: stat.mtime };
}
