/** Brings a file that a person changed up to date: merged, left for a commit of theirs, or with ours beside it. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileState, fileDigest, isDigestOf } from './digest.ts';
import { isOurs, isText, keepBeside, makeRoom } from './give-way.ts';
import { mergeTexts } from './merge.ts';
import type { RenderedFile } from './render.ts';
import type { FileChange, Repository } from './repository.ts';
import { inOurWords, modeFor, type Ownership, readPlainFile, writeWorkspaceFiles } from './tree.ts';

/** Where an update happens. */
export interface UpdatePlace {
  readonly folder: string;
  readonly owner: Ownership;
  /** `null`: no history is kept. */
  readonly repository: Repository | null;
  /** Nobody comes to the folder before all is in it. */
  readonly isNew?: true;
}

/** What came of one file that both sides changed. */
export type Merged =
  /** `unresolved`: this very version lies beside it, laid there by a run that may have been cut off since. */
  | { readonly kind: 'merged'; readonly change: FileChange; readonly unresolved: boolean }
  | { readonly kind: 'conflict' | 'waiting' };

/** Suffix of a new version that lies beside a person's file. */
export const besideSuffix = '.new';

/** @param before digest of what was rendered last */
export async function mergeFile(
  place: UpdatePlace,
  file: RenderedFile,
  before: string | undefined,
): Promise<Merged> {
  const { folder, owner, repository } = place;
  const { path } = file;
  const live = await readPlainFile(folder, path);
  // Deleted since we looked: it stays away.
  if (live === null) {
    return { kind: 'merged', change: { path, content: null, executable: false }, unresolved: false };
  }
  const merged = await mergedFile(repository, { path, live, next: file, before });
  if (merged === null) {
    await layBeside(place, file, before);
    return { kind: 'conflict' };
  }
  if (fileDigest(merged) !== fileDigest(live)) {
    if ((await repository?.isCommitted(path, live.content)) === false) return { kind: 'waiting' };
    const { mode } = await statOf(folder, path);
    const left = await writeWorkspaceFiles(
      folder,
      [{ path, content: merged.content, mode: withRight(mode, merged), if: unchanged(folder, path, live) }],
      { owner, durability: 'synced' },
    );
    if (left.length > 0) return { kind: 'waiting' };
  }
  const beside = await readPlainFile(folder, `${path}${besideSuffix}`);
  return { kind: 'merged', change: { path, ...merged }, unresolved: beside?.content === file.content };
}

/** Whether what lies there is still what we saw; `null`: nothing. */
export function unchanged(folder: string, path: string, seen: FileState | null): () => Promise<boolean> {
  return async () => {
    // Of most files of a new workspace: nothing need be read to see that nothing lies there.
    if (seen === null) return (await lstat(join(folder, path)).catch(() => null)) === null;
    const now = await readPlainFile(folder, path);
    return now !== null && fileDigest(now) === fileDigest(seen);
  };
}

/** Which of the files that both sides changed could not be merged. Changes nothing. */
export async function foreseeConflicts(
  { folder, repository }: UpdatePlace,
  paths: readonly string[],
  files: readonly RenderedFile[],
  before: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const conflicts: string[] = [];
  for (const path of paths) {
    const next = files.find((file) => file.path === path);
    const live = await readPlainFile(folder, path);
    if (next === undefined || live === null) continue;
    if ((await mergedFile(repository, { path, live, next, before: before[path] })) === null)
      conflicts.push(path);
  }
  return conflicts;
}

interface Versions {
  readonly path: string;
  readonly live: FileState;
  readonly next: FileState;
  readonly before: string | undefined;
}

/** The file with both sides' changes; `null`: they are in the same place, or what came before is not known. */
async function mergedFile(
  repository: Repository | null,
  { path, live, next, before }: Versions,
): Promise<FileState | null> {
  const base = repository === null ? null : await repository.readRendered(path);
  if (base === null || !isText(live.content)) return null;
  // A run that was cut off between history and books has merged this already. Books that were lost know nothing.
  const known =
    before === undefined || isDigestOf(before, base.content) || fileDigest(base) === fileDigest(next);
  const content = known ? mergeTexts(base.content, live.content, next.content) : null;
  if (content === null) return null;
  return { content, executable: live.executable === base.executable ? next.executable : live.executable };
}

/** A person may be half through with the one of before, or have a file of that name: it is kept. */
async function layBeside(place: UpdatePlace, file: RenderedFile, before: string | undefined): Promise<void> {
  const { folder, owner } = place;
  const path = `${file.path}${besideSuffix}`;
  await makeRoom(folder, [path]);
  const there = await readPlainFile(folder, path);
  if (there !== null && !isOurs(there, file, before)) await keepBeside(folder, path, there);
  await writeWorkspaceFiles(folder, [{ path, content: file.content, mode: modeFor(file, owner) }], {
    owner,
    durability: 'buffered',
  });
}

async function statOf(folder: string, path: string) {
  return lstat(join(folder, path)).catch(inOurWords(path));
}

/** Who may read it may run it, or nobody. */
function withRight(mode: number, { executable }: FileState): number {
  const plain = mode & 0o777;
  if (executable === ((plain & 0o100) !== 0)) return plain;
  return executable ? plain | ((plain & 0o444) >> 2) : plain & 0o666;
}
