/**
 * Gives a workspace to a group of its own, with all that is in it. People may be at work in it, and we may be root: so
 * each folder is opened once, and what is in it is reached through that handle (`/proc/self/fd`), where no link that
 * somebody puts in the way meanwhile can lead out.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import type { Ownership } from './tree.ts';

const asFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Folders that only their group may enter; new files in them get it. */
export const closedMode = 0o2770;

/** Whether the workspace is its group's, and nobody can change that but us; or it has none of its own. */
export async function isSettled(folder: string, { gid, closed }: Ownership): Promise<boolean> {
  if (closed !== true) return true;
  const stat = await lstat(folder);
  return stat.uid === process.getuid?.() && stat.gid === gid && (stat.mode & 0o7777) === closedMode;
}

/** Idempotent; the workspace's own folder comes last, so that one that was cut off is done again. */
export async function settle(folder: string, { gid }: Ownership): Promise<void> {
  if (gid === undefined) return;
  const handle = await open(folder, asFolder);
  try {
    // Nobody comes in meanwhile; who is in stays in.
    await handle.chmod(0o700);
    await settleBelow(handle, gid);
    // Whoever owns the folder could open it to others, and may own those of other products too.
    await give(handle, process.getuid?.() ?? -1, gid);
  } finally {
    await handle.close();
  }
}

async function settleBelow(folder: FileHandle, gid: number): Promise<void> {
  const through = `/proc/self/fd/${folder.fd}`;
  for (const entry of await readdir(through, { withFileTypes: true })) {
    const path = `${through}/${entry.name}`;
    // Gone or changed since it was listed: a person is at work, and what they make new has the folder's group.
    if (entry.isDirectory()) await settleFolder(path, gid).catch(unlessGone);
    else await settleFile(path, gid).catch(unlessGone);
  }
}

async function settleFolder(path: string, gid: number): Promise<void> {
  const folder = await open(path, asFolder);
  try {
    await give(folder, (await folder.stat()).uid, gid);
    await settleBelow(folder, gid);
  } finally {
    await folder.close();
  }
}

/**
 * What its owner may do the group may do from now on, unless the owner keeps it to themselves. A file with a second name may be
 * another workspace's: nobody else comes to this name anyway.
 */
async function settleFile(path: string, gid: number): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { uid, mode, nlink } = await file.stat();
    if (nlink > 1 || (mode & constants.S_IFMT) !== constants.S_IFREG) return;
    await file.chown(uid, gid);
    const isPrivate = (mode & 0o077) === 0;
    await file.chmod((mode & 0o777) | (isPrivate ? 0 : (mode & 0o700) >> 3));
  } finally {
    await file.close();
  }
}

async function give(folder: FileHandle, uid: number, gid: number): Promise<void> {
  await folder.chown(uid, gid);
  await folder.chmod(closedMode);
}

/** Also what is no plain file: a link (`ELOOP`), a socket (`ENXIO`). */
const gone = new Set(['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO']);

function unlessGone(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (!gone.has(String(code))) throw error;
}
