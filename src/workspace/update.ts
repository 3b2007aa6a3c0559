/** Brings the files of one workspace up to date. */
import { lstat, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mergeTexts } from './merge.ts';
import { type RenderedFile, sha256 } from './render.ts';
import type { Entry, FileChange, Repository } from './repository.ts';
import { type Ownership, readWorkspaceFile, workspaceError, writeWorkspaceFiles } from './tree.ts';

/** What is to be done. Maps are path → digest. */
export interface FilesUpdate {
  readonly write: readonly string[];
  readonly merge: readonly string[];
  readonly remove: readonly string[];
  /** Everything that the template gives. */
  readonly files: readonly RenderedFile[];
  /** As last rendered, before this update and when it is done. */
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  /** Why, for the history: the first line stands alone. */
  readonly message: string;
  readonly at: Date;
}

export interface FilesOutcome {
  /** Files of a person whose new version lies beside them. */
  readonly conflicts: readonly string[];
  /** Files that a person is working on: merged when that is committed. */
  readonly waiting: readonly string[];
  /** As last rendered from now on. */
  readonly rendered: Readonly<Record<string, string>>;
  /** What the history has to be told; `null`: none is kept. */
  readonly entry: Entry | null;
}

/** Where an update happens. */
export interface UpdatePlace {
  readonly folder: string;
  readonly owner: Ownership;
  /** `null`: no history is kept. */
  readonly repository: Repository | null;
}

/** What came of one file that both sides changed. */
type Merged =
  | { readonly kind: 'merged'; readonly change: FileChange }
  | { readonly kind: 'conflict' | 'waiting' };

/** Suffix of a new version that lies beside a person's file. */
export const besideSuffix = '.new';
/** Suffix of a file that lay where one of ours had to be. */
const olderSuffix = '.orig';

/**
 * Writes, merges and removes; the history is told after that. Idempotent: cut off anywhere, the same update done again
 * ends the same way.
 *
 * @throws ProvisionerError `WORKSPACE_UNWRITABLE`, `WORKSPACE_UNSAFE`
 */
export async function updateFiles(place: UpdatePlace, update: FilesUpdate): Promise<FilesOutcome> {
  const rendered = new Map(update.files.map((file) => [file.path, file]));
  for (const path of update.write) await keepOlder(place.folder, path, update.before[path]);
  await writeRendered(
    place,
    update.write.flatMap((path) => rendered.get(path) ?? []),
  );
  const conflicts: string[] = [];
  const waiting: string[] = [];
  const changed = new Map<string, FileChange>();
  for (const path of update.merge) {
    const file = rendered.get(path);
    if (file === undefined) continue;
    const result = await mergeFile(place, file, update.before[path]);
    if (result.kind === 'merged') changed.set(path, result.change);
    else (result.kind === 'conflict' ? conflicts : waiting).push(path);
  }
  for (const path of update.remove) await removeUntouched(place.folder, path, update.before[path]);
  const after = keepBefore(update, waiting);
  if (place.repository === null) return { conflicts, waiting, rendered: after, entry: null };
  const moved = await movedFiles(place, update, after);
  const live = [...moved.live, ...changed.values()];
  const entry = { rendered: moved.rendered, live, message: update.message, at: update.at };
  return { conflicts, waiting, rendered: after, entry };
}

/** What lies where a file of ours is to be for the first time is a person's: it is kept beside it. */
async function keepOlder(folder: string, path: string, before: string | undefined): Promise<void> {
  if (before !== undefined || (await readWorkspaceFile(folder, path)) === null) return;
  const kept = join(folder, `${path}${olderSuffix}`);
  if ((await lstat(kept).catch(() => null)) !== null) return;
  await rename(join(folder, path), kept).catch((error: unknown) => {
    throw workspaceError(path, error);
  });
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
    const next = files.find((file) => file.path === path)?.content;
    const live = await readWorkspaceFile(folder, path);
    if (next === undefined || live === null) continue;
    if ((await mergedText(repository, { path, live, next, before: before[path] })) === null)
      conflicts.push(path);
  }
  return conflicts;
}

/** The text that holds both sides' changes; `null`: they are in the same place, or what came before is not known. */
async function mergedText(
  repository: Repository | null,
  { path, live, next, before }: { path: string; live: string; next: string; before: string | undefined },
): Promise<string | null> {
  const base = repository === null ? null : await repository.readRendered(path);
  // Books that were lost know nothing: then the history does.
  const known = base !== null && (before === undefined || sha256(base) === before);
  // A byte that is no text reads as U+FFFD: such a file is not rewritten.
  return known && !live.includes('\ufffd') ? mergeTexts(base, live, next) : null;
}

function writeRendered({ folder, owner }: UpdatePlace, files: readonly RenderedFile[]): Promise<void> {
  const group = owner.gid === undefined ? 0 : 0o020;
  const others = owner.closed === true ? 0o770 : 0o777;
  return writeWorkspaceFiles(
    folder,
    files.map(({ path, content, executable }) => ({
      path,
      content,
      mode: ((executable ? 0o755 : 0o644) | group) & others,
    })),
    // Lost in a power cut, such a file is written again: the next look finds that it differs.
    { owner, durability: 'buffered' },
  );
}

async function mergeFile(
  place: UpdatePlace,
  file: RenderedFile,
  before: string | undefined,
): Promise<Merged> {
  const { folder, owner, repository } = place;
  const { path, content: next } = file;
  const live = await readWorkspaceFile(folder, path);
  // Deleted since we looked: it stays away.
  if (live === null) return { kind: 'merged', change: { path, content: null, executable: false } };
  const merged = await mergedText(repository, { path, live, next, before });
  if (merged === null) {
    await writeRendered(place, [{ ...file, path: `${path}${besideSuffix}` }]);
    return { kind: 'conflict' };
  }
  const mode = await modeOf(folder, path);
  if (merged !== live) {
    if ((await repository?.isCommitted(path, live)) === false) return { kind: 'waiting' };
    await writeWorkspaceFiles(folder, [{ path, content: merged, mode }], { owner, durability: 'synced' });
  }
  return { kind: 'merged', change: { path, content: merged, executable: (mode & 0o100) !== 0 } };
}

/** A person may have begun to edit it since we looked. */
async function removeUntouched(folder: string, path: string, digest: string | undefined): Promise<void> {
  const text = await readWorkspaceFile(folder, path);
  if (text === null || sha256(text) !== digest) return;
  await rm(join(folder, path), { force: true }).catch((error: unknown) => {
    throw workspaceError(path, error);
  });
}

async function modeOf(folder: string, path: string): Promise<number> {
  const stat = await lstat(join(folder, path)).catch((error: unknown) => {
    throw workspaceError(path, error);
  });
  return stat.mode & 0o777;
}

function keepBefore({ before, after }: FilesUpdate, waiting: readonly string[]): Record<string, string> {
  const kept = waiting.flatMap((path): [string, string][] => {
    const digest = before[path];
    return digest === undefined ? [] : [[path, digest]];
  });
  return { ...after, ...Object.fromEntries(kept) };
}

/** What is rendered otherwise than before, and which of it lies in the workspace just so. */
async function movedFiles(
  { folder, repository }: UpdatePlace,
  update: FilesUpdate,
  after: Readonly<Record<string, string>>,
): Promise<{ rendered: FileChange[]; live: FileChange[] }> {
  const begins = (await repository?.hasBegun()) !== true;
  const written = new Set(update.write);
  const moved = update.files.filter(
    ({ path, sha256: digest }) => after[path] === digest && (begins || update.before[path] !== digest),
  );
  const candidates = new Set([...moved, ...update.files.filter(({ path }) => written.has(path))]);
  const dropped = Object.keys(update.before).filter((path) => after[path] === undefined);
  const lies = async (path: string, content: string | null) =>
    (content !== null && written.has(path)) || (await readWorkspaceFile(folder, path)) === content;
  const changes = [...candidates].map(changeOf);
  const gone = dropped.map((path): FileChange => ({ path, content: null, executable: false }));
  const live = await Promise.all(
    [...changes, ...gone].map(async (change) => ((await lies(change.path, change.content)) ? [change] : [])),
  );
  return { rendered: [...moved.map(changeOf), ...gone], live: live.flat() };
}

function changeOf({ path, content, executable }: RenderedFile): FileChange {
  return { path, content, executable };
}
