/** The workspaces below the output path: look, write, archive. */
import { lstat, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { HomeName } from '../model/home.ts';
import { Archive } from './archive.ts';
import { type Contract, readContract } from './contract.ts';
import { fileDigest } from './digest.ts';
import { type EnvEntries, readEnvBlock, withEnvBlock, withoutEnvBlock } from './env-block.ts';
import { olderSuffix } from './give-way.ts';
import { type Listing, listFolder } from './listing.ts';
import { besideSuffix, foreseeConflicts } from './merge-file.ts';
import { layWorkspace } from './new-workspace.ts';
import { findInOpenFiles } from './open-files.ts';
import { Owners, type OwnersOptions } from './owners.ts';
import type { Tips } from './push.ts';
import type { RenderedFile } from './render.ts';
import { type Entry, Repository, templateRef } from './repository.ts';
import { isSettled, settle } from './settle.ts';
import {
  inOurWords,
  makeFolder,
  type Ownership,
  readPlainFile,
  readWorkspaceFile,
  workspaceError,
  writeWorkspaceFiles,
} from './tree.ts';
import { type FilesOutcome, type FilesUpdate, updateFiles } from './update.ts';

/** Our block in `.env` as found, and whether the file is guarded as it should be. */
export interface FoundEnv {
  readonly entries: EnvEntries;
  readonly guarded: boolean;
  /** Everybody on the machine can read it. */
  readonly open: boolean;
}

/** What lies in a workspace. */
export interface ObservedWorkspace {
  readonly exists: boolean;
  /** Path → digest; absent = no file. */
  readonly files: Readonly<Record<string, string>>;
  /** Files whose new version lies beside them: a person has not looked at it yet. */
  readonly conflicts: readonly string[];
  /** Files beside which lies what was in their place. */
  readonly displaced: readonly string[];
  /** Its history has begun, or none is wanted. */
  readonly history: boolean;
  readonly env: FoundEnv | null;
}

export interface WorkspaceOptions extends OwnersOptions {
  /** Whether each workspace is a git repository with our changes in it. */
  readonly history: boolean;
}

/** All methods throw `WORKSPACE_UNWRITABLE` or `WORKSPACE_UNSAFE`; all are idempotent. */
export class Workspaces {
  /** Workspaces of deleted products. */
  readonly archived: Archive;
  readonly #root: string;
  readonly #owner: Ownership;
  readonly #owners: Owners;
  readonly #history: boolean;

  constructor(options: WorkspaceOptions) {
    this.archived = new Archive(join(options.root, '.archive'));
    this.#root = options.root;
    this.#owner = options.owner;
    this.#owners = new Owners(options);
    this.#history = options.history;
  }

  /**
   * Changes nothing.
   *
   * @param paths files to look at
   * @param mergeable files whose new version may lie beside them
   * @param managed files beside which may lie what was in their place
   */
  async observe(
    home: HomeName,
    paths: readonly string[],
    mergeable: readonly string[] = [],
    managed: readonly string[] = [],
  ): Promise<ObservedWorkspace> {
    if (!(await this.#exists(home)))
      return { exists: false, files: {}, conflicts: [], displaced: [], history: false, env: null };
    const folder = this.#folder(home);
    const having = async (suffix: string, all: readonly string[]) => {
      const found = await Promise.all(all.map((path) => isThere(join(folder, `${path}${suffix}`))));
      return all.filter((_, index) => found[index]);
    };
    const found = await Promise.all(
      paths.map(async (path): Promise<[string, string] | null> => {
        const file = await readPlainFile(folder, path);
        return file === null ? null : [path, fileDigest(file)];
      }),
    );
    return {
      exists: true,
      files: Object.fromEntries(found.filter((entry) => entry !== null)),
      conflicts: await having(besideSuffix, mergeable),
      displaced: await having(olderSuffix, managed),
      history: (await (await this.#repositoryOf(home))?.hasBegun()) ?? true,
      env: await this.#observeEnv(home),
    };
  }

  /** Path → digest of what was rendered last, as the workspace's history tells. */
  async listRendered(home: HomeName): Promise<Readonly<Record<string, string>>> {
    return (await (await this.#repositoryOf(home))?.listRendered()) ?? {};
  }

  /** Where others can have read the text, in words: an open file, or anything ever committed or staged. */
  async findLeak(home: HomeName, text: string): Promise<string | null> {
    const path = await findInOpenFiles(this.#folder(home), text);
    if (path !== null) return `everybody on the machine could read it in ${JSON.stringify(path)}`;
    const inHistory = await (await this.#repositoryOf(home))?.holds(text);
    return inHistory === true ? 'it lies in the workspace’s git history' : null;
  }

  /** Writes, merges and removes what the template gives. */
  async updateFiles(home: HomeName, update: FilesUpdate): Promise<FilesOutcome> {
    if (!(await this.#exists(home))) {
      await this.#owners.makeRoot().catch(inOurWords(home));
      return layWorkspace({ root: this.#root, home, ...(await this.#partsOf(home)) }, update);
    }
    return updateFiles({ folder: await this.#make(home), ...(await this.#partsOf(home)) }, update);
  }

  /** Which of the files that both sides changed could not be merged. Changes nothing. */
  async foreseeConflicts(
    home: HomeName,
    paths: readonly string[],
    files: readonly RenderedFile[],
    before: Readonly<Record<string, string>>,
  ): Promise<readonly string[]> {
    if (paths.length === 0) return [];
    return foreseeConflicts(
      { folder: this.#folder(home), ...(await this.#partsOf(home)) },
      paths,
      files,
      before,
    );
  }

  /** Tells the history what `updateFiles` did. */
  async commit(home: HomeName, entry: Entry): Promise<void> {
    await (await this.#repositoryOf(home))?.commit(entry);
  }

  /** The commits of a branch and of ours, and where their objects are; `null` without such a history. */
  async tipsOf(
    home: HomeName,
    branch: string,
  ): Promise<{ readonly commits: Tips; readonly objects: string } | null> {
    const repository = await this.#repositoryOf(home);
    const commits = (await repository?.tips([`refs/heads/${branch}`, templateRef])) ?? {};
    return repository === null || Object.keys(commits).length === 0
      ? null
      : { commits, objects: repository.objects };
  }

  /** Puts our block into `.env`, with a line for people above it; lines that a person added stay. */
  async writeEnv(home: HomeName, entries: EnvEntries, note: string | null): Promise<void> {
    const folder = await this.#make(home);
    const existing = (await readWorkspaceFile(folder, '.env')) ?? '';
    await this.#replaceGuarded(home, '.env', withEnvBlock(existing, entries, note));
  }

  /** A file of ours that is guarded as `.env` is; `null` = there is none. */
  async readGuarded(home: HomeName, name: string): Promise<string | null> {
    return (await this.#exists(home)) ? readWorkspaceFile(this.#folder(home), name) : null;
  }

  /**
   * What the data contract of a product says of its tables. Asked often: `known` gives what was said of the file with
   * the same stamp.
   */
  readContract(home: HomeName, known: (stamp: string) => Contract | undefined): Promise<Contract> {
    return readContract(this.#folder(home), known);
  }

  async writeGuarded(home: HomeName, name: string, content: string): Promise<void> {
    await this.#make(home);
    await this.#replaceGuarded(home, name, content);
  }

  /** Moves the workspace to the archive under a name, without our block in its `.env`. Gone already = done. */
  async archive(home: HomeName, name: string): Promise<void> {
    if (!(await this.#exists(home))) return;
    const folder = this.#folder(home);
    const env = await readWorkspaceFile(folder, '.env');
    if (env !== null) await this.#replaceGuarded(home, '.env', withoutEnvBlock(env));
    try {
      await mkdir(this.archived.root, { recursive: true, mode: 0o750 });
      await rename(folder, join(this.archived.root, name));
    } catch (error) {
      throw workspaceError(home, error);
    }
  }

  /** Brings a workspace back from the archive to where nothing lies now. */
  async restore(home: HomeName, name: string): Promise<void> {
    if (await this.#exists(home)) return;
    try {
      await rename(join(this.archived.root, name), this.#folder(home));
    } catch (error) {
      throw workspaceError(home, error);
    }
  }

  /** One folder of a workspace, for looking; `null`: there is none. */
  list(home: HomeName, path: string): Promise<Listing | null> {
    return listFolder(this.#root, home, path);
  }

  /** Makes the folder of all workspaces and shows that it can be written. */
  async check(): Promise<void> {
    try {
      await this.#owners.makeRoot();
      const options = { owner: this.#owner, durability: 'buffered' } as const;
      await writeWorkspaceFiles(
        this.#root,
        [{ path: '.provisioner-check', content: '', mode: 0o600 }],
        options,
      );
    } catch (error) {
      throw workspaceError(this.#root, error);
    }
  }

  async #observeEnv(home: HomeName): Promise<FoundEnv | null> {
    const text = await readWorkspaceFile(this.#folder(home), '.env');
    const entries = text === null ? null : readEnvBlock(text);
    if (entries === null) return null;
    const stat = await lstat(join(this.#folder(home), '.env'));
    const owner = await this.#owners.of(home);
    const { uid, gid } = owner;
    const owned = (uid === undefined || stat.uid === uid) && (gid === undefined || stat.gid === gid);
    const mode = stat.mode & 0o777;
    const guarded = owned && mode === envMode(owner) && (await isSettled(this.#folder(home), owner));
    return { entries, guarded, open: (mode & 0o004) !== 0 };
  }

  async #replaceGuarded(home: HomeName, path: string, content: string): Promise<void> {
    const owner = await this.#owners.of(home);
    const file = { path, content, mode: envMode(owner) };
    await writeWorkspaceFiles(this.#folder(home), [file], { owner, durability: 'synced' });
  }

  #folder(home: HomeName): string {
    return join(this.#root, home);
  }

  async #make(home: HomeName): Promise<string> {
    try {
      await this.#owners.makeRoot();
      const owner = await this.#owners.of(home);
      await makeFolder(this.#folder(home), owner);
      if (!(await isSettled(this.#folder(home), owner))) {
        await settle(this.#folder(home), owner);
        await (await this.#repositoryOf(home))?.share();
      }
      return this.#folder(home);
    } catch (error) {
      throw workspaceError(home, error);
    }
  }

  async #partsOf(home: HomeName) {
    return { owner: await this.#owners.of(home), repository: await this.#repositoryOf(home) };
  }

  async #repositoryOf(home: HomeName): Promise<Repository | null> {
    return this.#history ? new Repository(this.#folder(home), await this.#owners.of(home)) : null;
  }

  #exists(home: HomeName): Promise<boolean> {
    return isThere(this.#folder(home));
  }
}

/** Read by the owner alone, or by the group that was configured as well. */
function envMode({ gid }: Ownership): number {
  return gid === undefined ? 0o600 : 0o640;
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}
