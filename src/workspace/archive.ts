/** Workspaces of deleted products. Each tells by its folder's name whose it was and since when: books can be lost. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type HomeName, isHomeName } from '../model/home.ts';
import { ProductId } from '../model/ids.ts';
import { inOurWords, workspaceError } from './tree.ts';

/** A workspace in the archive. */
export interface Archived {
  /** Of its folder. */
  readonly name: string;
  readonly home: HomeName;
  /** `null`: put there by an earlier version, which did not say. */
  readonly product: ProductId | null;
  readonly at: Date;
}

/** The folder's name; `readArchivedName` reads it. */
export function nameInArchive({ home, product, at }: Omit<Archived, 'name'>): string {
  return [home, at.toISOString().replace(/[:.]/g, '-'), ...(product === null ? [] : [product])].join('-');
}

const form = /^(.+)-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z(?:-([0-9a-f-]{36}))?$/;

/** What the name of a folder says; `null`: it is none of ours. */
export function readArchivedName(name: string): Archived | null {
  const [, home = '', day, hour, minute, second, ms, id] = form.exec(name) ?? [];
  const at = new Date(`${day}T${hour}:${minute}:${second}.${ms}Z`);
  const product = id === undefined ? null : ProductId.safeParse(id).data;
  if (!isHomeName(home) || Number.isNaN(at.getTime()) || product === undefined) return null;
  return { name, home, product, at };
}

/** All methods throw `WORKSPACE_UNWRITABLE`; all are idempotent. */
export class Archive {
  /** The folder; it need not be there yet. */
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  async holds(name: string): Promise<boolean> {
    return (await lstat(join(this.root, name)).catch(() => null)) !== null;
  }

  /** What others put there is left out. */
  async list(): Promise<readonly Archived[]> {
    return (await this.#names()).map(readArchivedName).filter((found) => found !== null);
  }

  /** The one that was put there last. */
  async newestOf(product: ProductId): Promise<Archived | null> {
    const own = (await this.#names()).filter((name) => name.endsWith(product)).map(readArchivedName);
    return own.reduce(
      (newest, each) => (newest === null || (each?.at ?? 0) > newest.at ? each : newest),
      null,
    );
  }

  /** Deletes one for good. Gone already = done. */
  async drop(name: string): Promise<void> {
    await rm(join(this.root, name), { recursive: true, force: true }).catch(inOurWords(name));
  }

  #names(): Promise<string[]> {
    return readdir(this.root).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw workspaceError('.archive', error);
    });
  }
}
