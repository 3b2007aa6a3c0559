/**
 * Files in a workspace that other people write to as well. A file appears whole or not at all (temporary file, fsync,
 * rename), and no symbolic link in a workspace is followed: a rename replaces a link at the end of a path, and links
 * on the way are refused.
 */
import { constants } from 'node:fs';
import {
  chmod,
  chown,
  type FileHandle,
  lstat,
  mkdir,
  open,
  rename,
  rm,
  writeFile as writeWhole,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProvisionerError } from '../model/errors.ts';
import type { FileState } from './digest.ts';

/** Whom files belong to; `undefined` leaves what the process gives. */
export interface Ownership {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Only the group may come in. */
  readonly closed?: boolean;
}

/** What the process takes from the mode of all that it makes. Asked once: to ask is to set it for a moment (Node: DEP0139). */
const umask = process.umask();

/** Without waiting: a pipe in a file's place would never open. */
const looking = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Text of a file below `root`, as `readPlainFile`. */
export async function readWorkspaceFile(root: string, path: string): Promise<string | null> {
  return (await readPlainFile(root, path))?.content ?? null;
}

/**
 * A file below `root`; `null` when there is none. A link, a pipe or a folder in its place is no file either: who
 * may write to a workspace must not be able to stop what is done about its product by that.
 *
 * @throws ProvisionerError `WORKSPACE_UNSAFE` when a link lies on the way
 */
export async function readPlainFile(root: string, path: string): Promise<FileState | null> {
  await refuseLinks(root, path);
  try {
    const file = await open(join(root, path), looking);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return null;
      return { content: await file.readFile('utf8'), executable: (stat.mode & 0o100) !== 0 };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (noPlainFile.has(codeOf(error) ?? '')) return null;
    throw workspaceError(path, error);
  }
}

/** Nothing, a link, a socket, or a file in the place of a folder (Linux: open(2)). */
const noPlainFile: ReadonlySet<string> = new Set(['ENOENT', 'ELOOP', 'ENXIO', 'ENOTDIR']);

/** A file as it was looked at: the same digest means the same file. */
export interface SmallFile {
  readonly stamp: string;
  readonly read: () => Promise<string>;
}

/**
 * Lets `use` look at a file that need not be read to know that it is the same. What is no plain file, larger than
 * `mostBytes` or behind a link is as good as none.
 */
export async function withSmallFile<T>(
  root: string,
  path: string,
  mostBytes: number,
  use: (file: SmallFile | null) => Promise<T>,
): Promise<T> {
  const file = await refuseLinks(root, path)
    .then(() => open(join(root, path), looking))
    .catch(() => null);
  if (file === null) return use(null);
  try {
    const stat = await file.stat();
    const { ino, size, mtimeMs, ctimeMs } = stat;
    if (!stat.isFile() || size > mostBytes) return await use(null);
    const read = async () => {
      const bytes = Buffer.alloc(size);
      const { bytesRead } = await file.read(bytes, 0, size, 0);
      return bytes.toString('utf8', 0, bytesRead);
    };
    return await use({ stamp: [ino, size, mtimeMs, ctimeMs].join(' '), read });
  } finally {
    await file.close();
  }
}

/** How files are written. */
export interface WriteOptions {
  readonly owner: Ownership;
  /** `synced`: on disk before the call returns; `buffered`: whole, but a power cut may bring back the one before. */
  readonly durability: 'synced' | 'buffered';
}

/** A file to write: its path below the root and its text. */
export interface FileToWrite {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  /** Asked right before the file appears: what would be replaced is still what it is to replace. */
  readonly if?: () => Promise<boolean>;
}

/**
 * Writes files below `root`, each atomically, with their folders.
 *
 * @returns the paths of those that were not to be written any more
 */
export async function writeWorkspaceFiles(
  root: string,
  files: readonly FileToWrite[],
  options: WriteOptions,
): Promise<readonly string[]> {
  await enterFolders(root, new Set(files.map((file) => dirname(file.path))), options.owner);
  const left = await Promise.all(
    files.map(async (file) => ((await writeFile(root, file, options)) ? [] : [file.path])),
  );
  return left.flat();
}

/**
 * Writes files into a new folder that nobody comes to before they are all there: each needs no place of its own until then,
 * and no handle that stays on it. Node writes it in one turn on the thread pool instead of one for each step.
 */
export async function fillFolder(
  root: string,
  files: readonly Omit<FileToWrite, 'if'>[],
  owner: Ownership,
): Promise<void> {
  await enterFolders(root, new Set(files.map((file) => dirname(file.path))), owner);
  const { uid = -1, gid = -1 } = owner;
  const lay = async ({ path, content, mode }: FileToWrite) => {
    const target = join(root, path);
    await writeWhole(target, content, { flag: 'wx', mode });
    if (uid !== -1 || gid !== -1) await chown(target, uid, gid);
    if (isMasked(mode)) await chmod(target, mode);
  };
  // To the end, also when one fails: what is still being written could not be removed.
  const results = await Promise.allSettled(files.map((file) => lay(file).catch(inOurWords(file.path))));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** False: it was not to be written any more. */
async function writeFile(root: string, file: FileToWrite, options: WriteOptions): Promise<boolean> {
  const target = join(root, file.path);
  const temporary = `${target}.provisioner.tmp`;
  try {
    await fill(await openNew(temporary, file.mode), file, options);
    if ((await file.if?.()) === false) {
      await rm(temporary, { force: true });
      return false;
    }
    await rename(temporary, target);
    if (options.durability === 'synced') await syncFolder(dirname(target));
    return true;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw workspaceError(file.path, error);
  }
}

async function fill(
  handle: FileHandle,
  { content, mode }: FileToWrite,
  { owner, durability }: WriteOptions,
): Promise<void> {
  try {
    await handle.writeFile(content);
    await handle.chmod(mode);
    if (owner.uid !== undefined || owner.gid !== undefined)
      await handle.chown(owner.uid ?? -1, owner.gid ?? -1);
    if (durability === 'synced') await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Opens a file that must not be there; removes what a killed run left. */
async function openNew(path: string, mode: number): Promise<FileHandle> {
  const attempt = () => open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    return await attempt();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    await rm(path, { force: true });
    return attempt();
  }
}

/** Makes what is missing of the folders from `root` down; what lies there in their place is refused. */
async function enterFolders(root: string, folders: ReadonlySet<string>, owner: Ownership): Promise<void> {
  const entered = new Map<string, Promise<void>>();
  const enter = (folder: string): Promise<void> => {
    const entering = entered.get(folder) ?? enterFolder(folder);
    entered.set(folder, entering);
    return entering;
  };
  const enterFolder = async (folder: string): Promise<void> => {
    const path = join(root, folder);
    if (folder !== '.') {
      await enter(dirname(folder));
      if (await makeFolder(path, owner).catch(inOurWords(folder))) return;
    }
    await refuseUnlessFolder(path);
  };
  await Promise.all([...folders].map(enter));
}

/** The mode of a file of ours. */
export function modeFor({ executable }: { readonly executable: boolean }, owner: Ownership): number {
  const group = owner.gid === undefined ? 0 : 0o020;
  return ((executable ? 0o755 : 0o644) | group) & (owner.closed === true ? 0o770 : 0o777);
}

/**
 * Makes one folder. With a group it hands that down (set-group-id) and is group-writable.
 *
 * @returns `false`: something lies there already
 */
export async function makeFolder(path: string, owner: Ownership): Promise<boolean> {
  const { uid = -1, gid = -1 } = owner;
  const shared = owner.closed === true ? 0o2770 : 0o2775;
  const mode = gid === -1 ? 0o755 : shared;
  try {
    await mkdir(path, mode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  if (uid === -1 && gid === -1 && !isMasked(mode)) return true;
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if (uid !== -1 || gid !== -1) await folder.chown(uid, gid);
    await folder.chmod(mode);
    return true;
  } finally {
    await folder.close();
  }
}

function isMasked(mode: number): boolean {
  return (mode & umask) !== 0;
}

/** The rename is on disk only when the folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Looks at the folders on the way to a path below `root`.
 *
 * @throws ProvisionerError `WORKSPACE_UNSAFE` when one of them is a link
 */
export async function refuseLinks(root: string, path: string): Promise<void> {
  let current = root;
  for (const segment of dirname(path).split('/').concat('')) {
    const stat = await lstat(current).catch(() => null);
    if (stat?.isSymbolicLink() === true) throw noFolder(current);
    if (stat?.isDirectory() !== true) return;
    current = join(current, segment);
  }
}

/** True: a folder lies there. False: nothing does. What else does is refused. */
export async function refuseUnlessFolder(path: string): Promise<boolean> {
  const stat = await lstat(path).catch(() => null);
  if (stat === null || stat.isDirectory()) return stat !== null;
  throw noFolder(path);
}

function noFolder(path: string): ProvisionerError {
  const message = `${path} is not a folder (a link or a file lies there). Remove it; nothing is written through it.`;
  return new ProvisionerError('WORKSPACE_UNSAFE', message);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** For `catch`: throws a file system error in our words. */
export function inOurWords(path: string): (error: unknown) => never {
  return (error) => {
    throw workspaceError(path, error);
  };
}

/** A file system error in our words. */
export function workspaceError(path: string, error: unknown): ProvisionerError {
  if (error instanceof ProvisionerError) return error;
  const code = codeOf(error);
  const facts = { path, error: code };
  if (code === 'ELOOP' || code === 'EISDIR' || code === 'ENOTDIR') {
    const message = `${path} in the workspace is not a plain file (${code}). Move it away; it is left as it is.`;
    return new ProvisionerError('WORKSPACE_UNSAFE', message, { cause: error, facts });
  }
  const message = `${path} in the workspace can not be read or written (${code ?? 'unknown error'}). Check space and rights of the volume.`;
  return new ProvisionerError('WORKSPACE_UNWRITABLE', message, { cause: error, facts });
}
