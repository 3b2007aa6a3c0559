/**
 * A new workspace appears whole: its files are laid where nobody comes, and the folder is moved to its place. To let each
 * file appear whole by itself takes twice the work.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HomeName } from '../model/home.ts';
import type { Repository } from './repository.ts';
import { isSettled, settle } from './settle.ts';
import { makeFolder, type Ownership, refuseUnlessFolder, workspaceError } from './tree.ts';
import { type FilesOutcome, type FilesUpdate, updateFiles } from './update.ts';

/** Where it is to be. */
export interface NewPlace {
  /** Folder of all workspaces. */
  readonly root: string;
  readonly home: HomeName;
  readonly owner: Ownership;
  /** Of the workspace when it is in its place; `null`: no history is kept. */
  readonly repository: Repository | null;
}

/** @throws ProvisionerError `WORKSPACE_UNSAFE`; `WORKSPACE_UNWRITABLE`, also when something came to its place meanwhile */
export async function layWorkspace(place: NewPlace, update: FilesUpdate): Promise<FilesOutcome> {
  const { root, home, owner, repository } = place;
  const path = join('.new', home);
  const folder = join(root, path);
  const lay = async () => {
    await makeFolder(folder, owner);
    if (!(await isSettled(folder, owner))) await settle(folder, owner);
    const outcome = await updateFiles({ folder, owner, repository, isNew: true }, update);
    await rename(folder, join(root, home));
    return outcome;
  };
  const clear = () => rm(folder, { recursive: true, force: true });
  try {
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
    await refuseUnlessFolder(dirname(folder));
    // What an attempt that was killed has left.
    await clear();
    return await lay().catch(async (error: unknown) => {
      await clear().catch(() => undefined);
      throw error;
    });
  } catch (error) {
    throw workspaceError(path, error);
  }
}
