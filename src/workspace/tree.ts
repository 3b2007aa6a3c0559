/**
 * Files in a workspace that other people write to as well. A file appears whole or not at all (temporary file, fsync,
 * rename), and no symbolic link in a workspace is followed: a rename replaces a link at the end of a path, and links
 * on the way are refused.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProvisionerError } from '../model/errors.ts';

/** Whom files belong to; `undefined` leaves what the process gives. */
export interface Ownership {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** Text of a file below `root`; `null` when there is none. A link, or a folder in its place, is `WORKSPACE_UNSAFE`. */
export async function readWorkspaceFile(root: string, path: string): Promise<string | null> {
  await refuseLinks(root, path);
  try {
    const file = await open(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw workspaceError(path, error);
  }
}

/** How a file is written. */
export interface WriteOptions {
  readonly mode: number;
  readonly owner: Ownership;
  /** `synced`: on disk before the call returns; `buffered`: whole, but a power cut may bring back the one before. */
  readonly durability: 'synced' | 'buffered';
}

/** Writes a file below `root` atomically, with its folders. */
export async function writeWorkspaceFile(
  root: string,
  path: string,
  content: string,
  { mode, owner, durability }: WriteOptions,
): Promise<void> {
  await refuseLinks(root, path);
  const target = join(root, path);
  const temporary = `${target}.provisioner.tmp`;
  try {
    const file = await openNew(temporary, mode, () => makeFolders(root, dirname(path), owner));
    try {
      await file.writeFile(content);
      await file.chmod(mode);
      if (owner.uid !== undefined || owner.gid !== undefined)
        await file.chown(owner.uid ?? -1, owner.gid ?? -1);
      if (durability === 'synced') await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
    if (durability === 'synced') await syncFolder(dirname(target));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw workspaceError(path, error);
  }
}

/** Opens a file that must not be there; makes its folder, or removes what a killed run left, only when that is the matter. */
async function openNew(path: string, mode: number, makeFolder: () => Promise<void>): Promise<FileHandle> {
  const attempt = () => open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    return await attempt();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') await makeFolder();
    else if (code === 'EEXIST') await rm(path, { force: true });
    else throw error;
    return attempt();
  }
}

/** Makes `root` and the folders below it. With a group, folders hand it down (set-group-id) and are group-writable. */
export async function makeFolders(root: string, folder: string, owner: Ownership): Promise<void> {
  const segments = folder === '.' ? [] : folder.split('/');
  let current = root;
  await makeFolder(current, owner);
  for (const segment of segments) {
    current = join(current, segment);
    await makeFolder(current, owner);
  }
}

async function makeFolder(path: string, owner: Ownership): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    throw error;
  }
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if (owner.uid !== undefined || owner.gid !== undefined)
      await folder.chown(owner.uid ?? -1, owner.gid ?? -1);
    await folder.chmod(owner.gid === undefined ? 0o755 : 0o2775);
  } finally {
    await folder.close();
  }
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

async function refuseLinks(root: string, path: string): Promise<void> {
  let current = root;
  for (const segment of dirname(path).split('/').concat('')) {
    const stat = await lstat(current).catch(() => null);
    if (stat === null) return;
    if (!stat.isDirectory()) {
      const message = `${current} is not a folder (a link or a file lies there). Remove it; nothing is written through it.`;
      throw new ProvisionerError('WORKSPACE_UNSAFE', message);
    }
    current = join(current, segment);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
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
