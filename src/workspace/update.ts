/** Brings the files of one workspace up to date. */
import { readdir } from 'node:fs/promises';
import { type FileState, fileDigest } from './digest.ts';
import { isOurs, keepBeside, makeRoom, removeUntouched } from './give-way.ts';
import { mergeFile, type UpdatePlace, unchanged } from './merge-file.ts';
import type { RenderedFile } from './render.ts';
import type { Entry, FileChange } from './repository.ts';
import { fillFolder, modeFor, readPlainFile, writeWorkspaceFiles } from './tree.ts';

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
  /** What lay in the way of a file of ours and is kept beside it. */
  readonly displaced: readonly string[];
  /** Files that the template has no more and a person changed: theirs from now on. */
  readonly left: readonly string[];
  /** As last rendered from now on. */
  readonly rendered: Readonly<Record<string, string>>;
  /** What the history has to be told; `null`: none is kept. */
  readonly entry: Entry | null;
}

/**
 * Removes, writes and merges; the history is told after that. Idempotent: cut off anywhere, the same update done again
 * ends the same way.
 *
 * @throws ProvisionerError `WORKSPACE_UNWRITABLE`, `WORKSPACE_UNSAFE`
 */
export async function updateFiles(place: UpdatePlace, update: FilesUpdate): Promise<FilesOutcome> {
  const rendered = new Map(update.files.map((file) => [file.path, file]));
  // First: a folder may have to be where a file was.
  for (const path of update.remove) await removeUntouched(place.folder, path, update.before[path]);
  const written = await writeRendered(
    place,
    update.write.flatMap((path) => rendered.get(path) ?? []),
    update.before,
  );
  const conflicts: string[] = [];
  const waiting = [...written.waiting];
  const changed = new Map<string, FileChange>();
  for (const path of update.merge) {
    const file = rendered.get(path);
    if (file === undefined) continue;
    const result = await mergeFile(place, file, update.before[path]);
    if (result.kind === 'merged') changed.set(path, result.change);
    if (result.kind === 'waiting') waiting.push(path);
    if (result.kind === 'conflict' || (result.kind === 'merged' && result.unresolved)) conflicts.push(path);
  }
  const after = keepBefore(update, waiting);
  const dropped = Object.keys(update.before).filter((path) => after[path] === undefined);
  const gone = await goneOf(place.folder, dropped);
  const left = dropped.filter((path) => !gone.includes(path));
  const outcome = { conflicts, waiting, displaced: written.displaced, left, rendered: after };
  if (place.repository === null) return { ...outcome, entry: null };
  const moved = await movedFiles(place, update, waiting, after);
  // What is gone comes first: git takes no file in the place of a folder that has files.
  const history = {
    rendered: [...dropped.map(goneFrom), ...moved.rendered],
    live: [...gone.map(goneFrom), ...moved.live, ...changed.values()],
  };
  const message = `${update.message}${wordsOfLeft(left)}`;
  return { ...outcome, entry: { ...history, message, at: update.at } };
}

/** Writes whole files; what a person has in their place is kept beside them, unless it can be had from git. */
async function writeRendered(
  place: UpdatePlace,
  files: readonly RenderedFile[],
  before: Readonly<Record<string, string>>,
): Promise<{ readonly displaced: readonly string[]; readonly waiting: readonly string[] }> {
  const { folder, owner } = place;
  if (place.isNew === true) {
    await fillFolder(
      folder,
      files.map((file) => ({ ...file, mode: modeFor(file, owner) })),
      owner,
    );
    return { displaced: [], waiting: [] };
  }
  const isBare = await isEmpty(folder);
  const paths = files.map(({ path }) => path);
  const displaced = isBare ? [] : [...(await makeRoom(folder, paths))];
  const waiting: string[] = [];
  const ready = await Promise.all(
    files.map(async (file) => {
      const { path, content } = file;
      const seen = isBare ? null : await readPlainFile(folder, path);
      if (seen !== null && (await isInTheWay(place, file, seen, before[path]))) {
        if (file.ownership !== 'managed') {
          // Saved since it was looked at: decided anew at the next look.
          waiting.push(path);
          return [];
        }
        await keepBeside(folder, path, seen);
        displaced.push(path);
      }
      return [{ path, content, mode: modeFor(file, owner), if: unchanged(folder, path, seen) }];
    }),
  );
  // Lost in a power cut, such a file is written again: the next look finds that it differs.
  const left = await writeWorkspaceFiles(folder, ready.flat(), { owner, durability: 'buffered' });
  return { displaced, waiting: [...waiting, ...left] };
}

/** So that in a folder that was made for us nothing is looked for file by file. */
async function isEmpty(folder: string): Promise<boolean> {
  const entries = await readdir(folder).catch(() => null);
  return entries?.length === 0;
}

/** What is not ours, and could be had from nowhere if it was written over. */
async function isInTheWay(
  { repository }: UpdatePlace,
  file: RenderedFile,
  seen: FileState,
  before: string | undefined,
): Promise<boolean> {
  if (isOurs(seen, file, before)) return false;
  if (before === undefined || file.ownership !== 'managed') return true;
  return repository === null || !(await repository.isCommitted(file.path, seen.content));
}

/** A file that waits counts as rendered when its turn has come. */
function keepBefore({ before, after }: FilesUpdate, waiting: readonly string[]): Record<string, string> {
  const kept = Object.entries(after).filter(([path]) => !waiting.includes(path));
  const older = Object.entries(before).filter(([path]) => waiting.includes(path));
  return Object.fromEntries([...kept, ...older]);
}

/** Those where no file lies. */
async function goneOf(folder: string, paths: readonly string[]): Promise<readonly string[]> {
  const files = await Promise.all(paths.map((path) => readPlainFile(folder, path)));
  return paths.filter((_, index) => files[index] === null);
}

function wordsOfLeft(left: readonly string[]): string {
  if (left.length === 0) return '';
  return `\nNo more in the template, and yours from now on, as you changed it: ${left.join(', ')}\n`;
}

/** What is rendered otherwise than before, and which of it lies in the workspace just so. */
async function movedFiles(
  { folder, repository }: UpdatePlace,
  update: FilesUpdate,
  waiting: readonly string[],
  after: Readonly<Record<string, string>>,
): Promise<{ rendered: FileChange[]; live: FileChange[] }> {
  const begins = (await repository?.hasBegun()) !== true;
  const written = new Set(update.write.filter((path) => !waiting.includes(path)));
  const moved = update.files.filter(
    ({ path, digest }) => after[path] === digest && (begins || update.before[path] !== digest),
  );
  const candidates = new Set([...moved, ...update.files.filter(({ path }) => written.has(path))]);
  const live = await Promise.all(
    [...candidates].map(async (file) =>
      written.has(file.path) || (await lies(folder, file)) ? [changeOf(file)] : [],
    ),
  );
  return { rendered: moved.map(changeOf), live: live.flat() };
}

async function lies(folder: string, file: RenderedFile): Promise<boolean> {
  const live = await readPlainFile(folder, file.path);
  return live !== null && fileDigest(live) === file.digest;
}

function changeOf({ path, content, executable }: RenderedFile): FileChange {
  return { path, content, executable };
}

function goneFrom(path: string): FileChange {
  return { path, content: null, executable: false };
}
