/** Whether a secret lies where everybody on the machine can read it. */
import { createHash } from 'node:crypto';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { withSmallFile } from './tree.ts';

/** A secret lies in small files; bigger ones are data. */
const largestSearched = 1_000_000;
/** Entries of one workspace that are looked at, those nearest to its top first. */
const mostEntries = 5000;
/** The history is searched by itself; the others are filled by package managers. */
const passedOver = new Set(['.git', 'node_modules', '.venv', 'venv', '__pycache__']);

const everybody = { reads: 0o004, enters: 0o001 };

/** Workspace → its open files when they were last searched, and for what. */
const searched = new Map<string, string>();

/**
 * The first file of up to 1 MB that everybody can read and that holds the text; `null`: there is none. Links are not
 * followed. Files that did not change since they were last searched for the same text are not read again.
 */
export async function findInOpenFiles(workspace: string, text: string): Promise<string | null> {
  const files = await listOpenFiles(workspace);
  const state = createHash('sha256')
    .update(JSON.stringify([text, files]))
    .digest('hex');
  if (searched.get(workspace) === state) return null;
  for (const { path } of files) if (await holds(workspace, path, text)) return path;
  searched.set(workspace, state);
  return null;
}

interface OpenFile {
  readonly path: string;
  /** The same one: nobody wrote to it, and nothing else took its place. */
  readonly stamp: readonly number[];
}

async function listOpenFiles(workspace: string): Promise<readonly OpenFile[]> {
  const found: OpenFile[] = [];
  const folders = [''];
  let left = mostEntries;
  // Grows while it is walked through.
  for (const folder of folders) {
    for (const name of await namesIn(join(workspace, folder), left)) {
      left -= 1;
      const path = folder === '' ? name : `${folder}/${name}`;
      const stat = await lstat(join(workspace, path)).catch(() => null);
      if (stat?.isDirectory() === true && !passedOver.has(name)) folders.push(path);
      if (stat?.isFile() !== true || (stat.mode & everybody.reads) === 0) continue;
      const { ino, size, mtimeMs, ctimeMs } = stat;
      if (size <= largestSearched) found.push({ path, stamp: [ino, size, mtimeMs, ctimeMs] });
    }
  }
  return found;
}

/** Of a folder that everybody can enter. */
async function namesIn(folder: string, most: number): Promise<readonly string[]> {
  const stat = await lstat(folder).catch(() => null);
  if (stat?.isDirectory() !== true || (stat.mode & everybody.enters) === 0) return [];
  const names: string[] = [];
  const entries = await opendir(folder).catch(() => null);
  for await (const { name } of entries ?? []) {
    if (names.length >= most) break;
    names.push(name);
  }
  return names;
}

function holds(workspace: string, path: string, text: string): Promise<boolean> {
  return withSmallFile(workspace, path, largestSearched, async (file) =>
    file === null ? false : (await file.read()).includes(text),
  );
}
