/** Whose the files of each workspace are. */
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HomeName } from '../model/home.ts';
import { closedMode } from './settle.ts';
import type { Ownership } from './tree.ts';

export interface OwnersOptions {
  /** Folder that holds all workspaces. */
  readonly root: string;
  readonly owner: Ownership;
  /**
   * Gives each workspace a group of its own, so that no product reads another's keys.
   *
   * @param found the group that the folder has for itself already; `null` = none
   */
  readonly groupOf?: (home: HomeName, found: number | null) => Promise<number>;
}

export class Owners {
  readonly #options: OwnersOptions;
  readonly #groups = new Map<HomeName, number>();

  constructor(options: OwnersOptions) {
    this.#options = options;
  }

  async of(home: HomeName): Promise<Ownership> {
    const { root, owner, groupOf } = this.#options;
    if (groupOf === undefined) return owner;
    let gid = this.#groups.get(home);
    if (gid === undefined) {
      const stat = await lstat(join(root, home)).catch(() => null);
      // A group that others may come in by is a common one.
      const own = stat !== null && (stat.mode & 0o7777) === closedMode;
      gid = await groupOf(home, own ? stat.gid : null);
      this.#groups.set(home, gid);
    }
    return { ...owner, gid, closed: true };
  }

  /** Where each workspace has a group of its own, others go through, and see no names. */
  async makeRoot(): Promise<void> {
    const { root, groupOf } = this.#options;
    await mkdir(root, { recursive: true });
    if (groupOf !== undefined && ((await lstat(root)).mode & 0o777) !== 0o711) await chmod(root, 0o711);
  }
}
