/**
 * The git repository of one workspace: people's own, with a branch of ours beside theirs. Whoever can write to a
 * workspace can write to `.git` too, so nothing here runs what is configured there: no hooks, no filters, no drivers.
 * Only plumbing is used, on paths and objects, never a command that looks at the working tree.
 */
import { createHash } from 'node:crypto';
import { lchown, lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisionerError } from '../model/errors.ts';
import type { FileState } from './digest.ts';
import { type GitStep, runGit, runGitSteps } from './git-plumbing.ts';
import { makeRepository } from './git-shell.ts';
import { digestsAt, fileAt, searchObjects } from './past.ts';
import { readTips } from './refs.ts';
import type { Ownership } from './tree.ts';

/** Branch that holds what was rendered last: the base of the next merge. */
export const templateRef = 'refs/heads/provisioner/template';

/** A file as it is from now on; content `null` = gone. */
export interface FileChange {
  readonly path: string;
  readonly content: string | null;
  readonly executable: boolean;
}

/** What goes into the repository: on our branch what was rendered, on theirs what changed in the workspace by it. */
export interface Entry {
  readonly rendered: readonly FileChange[];
  readonly live: readonly FileChange[];
  readonly message: string;
  readonly at: Date;
}

/** What a person has under way: their branch is left alone meanwhile. */
const underWay = [
  'MERGE_HEAD',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'rebase-merge',
  'rebase-apply',
  'BISECT_LOG',
];

const committer = 'Data Product Provisioner <provisioner@localhost>';

/** Commits that a new one follows, and the branch that is checked out (`null`: none to follow now). */
interface Standing {
  readonly tip: string | null;
  readonly branch: string | null;
  readonly head: string | null;
}

/** All methods throw `WORKSPACE_UNWRITABLE` or `WORKSPACE_UNSAFE`. */
export class Repository {
  readonly #folder: string;
  readonly #owner: Ownership;

  constructor(workspace: string, owner: Ownership) {
    this.#folder = join(workspace, '.git');
    this.#owner = owner;
  }

  /** False: there is none. What is there and could lead elsewhere is refused. */
  async exists(): Promise<boolean> {
    const stat = await lstat(this.#folder).catch(() => null);
    if (stat === null) return false;
    if (!stat.isDirectory()) throw unsafe('.git is not a folder');
    await this.#refuseLinks();
    return true;
  }

  /** Whether what we render has a history here: cheap, asked at every look at the workspace. */
  async hasBegun(): Promise<boolean> {
    const loose = await lstat(join(this.#folder, templateRef)).catch(() => null);
    if (loose !== null) return true;
    const packed = await readFile(join(this.#folder, 'packed-refs'), 'utf8').catch(() => '');
    return packed.includes(` ${templateRef}\n`);
  }

  /** What is written from now on can be changed by the group. */
  async share(): Promise<void> {
    if (await this.exists()) await this.#run(['config', 'core.sharedRepository', 'group']);
  }

  /** A file as it was rendered last; `null` when it is not on our branch. */
  async readRendered(path: string): Promise<FileState | null> {
    return (await this.exists()) ? fileAt(this.#folder, templateRef, path) : null;
  }

  /** Path → digest of everything on our branch: what books that were lost said. */
  async listRendered(): Promise<Readonly<Record<string, string>>> {
    const tip = (await this.exists()) ? await this.#resolve(templateRef) : null;
    return tip === null ? {} : digestsAt(this.#folder, tip);
  }

  /** Whether the text lies in anything that was ever added; remembers what it looked through. */
  async holds(text: string): Promise<boolean> {
    return (await this.exists()) && searchObjects(this.#folder, text);
  }

  /** Whether a person has no change of this file that is not committed yet; git may keep it with other line endings. */
  async isCommitted(path: string, content: string): Promise<boolean> {
    const blob = (await fileAt(this.#folder, 'HEAD', path))?.blob;
    if (blob === undefined) return !(await this.#hasCommits());
    return blob === blobId(content) || blob === blobId(content.replaceAll('\r\n', '\n'));
  }

  /** The commits that branches stand at; those that are not there are left out. */
  async tips(names: readonly string[]): Promise<Readonly<Record<string, string>>> {
    return (await this.exists()) ? readTips(this.#folder, names) : {};
  }

  /** Where the objects are. */
  get objects(): string {
    return join(this.#folder, 'objects');
  }

  /** Commits to our branch, and to the one that is checked out unless a person is in the middle of something there. */
  async commit(entry: Entry): Promise<void> {
    await ((await this.exists()) ? this.#goOn(entry) : this.#begin(entry));
    await this.#giveAway();
  }

  async #begin(entry: Entry): Promise<void> {
    const commits = [
      commitCommand(templateRef, [], entry.rendered, entry, ':1'),
      followCommand('refs/heads/main', null, [':1'], entry),
      'done\n',
    ];
    await makeRepository(this.#folder, commits.join(''), { shared: this.#owner.gid !== undefined });
  }

  async #goOn(entry: Entry): Promise<void> {
    const { tip, branch, head } = await this.#look();
    const renews = tip === null || entry.rendered.length > 0;
    const follows = branch !== null && (head === null || entry.live.length > 0);
    if (!renews && !follows) return;
    const commits = [
      ...(renews ? [commitCommand(templateRef, tip === null ? [] : [tip], entry.rendered, entry, ':1')] : []),
      ...(follows ? [followCommand(branch, head, renews ? [':1'] : [], entry)] : []),
      'done\n',
    ];
    await runGitSteps(this.#folder, [
      // Writes its commits all or none.
      { words: ['fast-import', '--quiet', '--done'], input: commits.join('') },
      ...(branch === null ? [] : [stageStep(entry.live)]),
    ]);
  }

  async #look(): Promise<Standing> {
    const [tip, branch] = await Promise.all([this.#resolve(templateRef), this.#branchToFollow()]);
    return { tip, branch, head: branch === null ? null : await this.#resolve(branch) };
  }

  /** The branch that is checked out; `null` while there is none, or something is under way on it. */
  async #branchToFollow(): Promise<string | null> {
    const found = await readdir(this.#folder);
    if (underWay.some((name) => found.includes(name))) return null;
    const branch = /^ref: (refs\/heads\/\S+)$/.exec(await this.#head())?.[1];
    return branch === undefined || branch === templateRef ? null : branch;
  }

  /** The commit of a branch, by its full name; `null` when it has none. */
  async #resolve(ref: string): Promise<string | null> {
    const id = await this.#run(['for-each-ref', '--format=%(objectname)', ref]);
    return id === '' ? null : id.trim();
  }

  /** Whether what is checked out has any. */
  async #hasCommits(): Promise<boolean> {
    const at = await this.#head();
    return !at.startsWith('ref: ') || (await this.#resolve(at.slice(5))) !== null;
  }

  async #head(): Promise<string> {
    return (await readFile(join(this.#folder, 'HEAD'), 'utf8')).trim();
  }

  #run(words: readonly string[]): Promise<string> {
    return runGit(this.#folder, words);
  }

  /** Files that we made as root, to whom the workspace belongs. */
  async #giveAway(): Promise<void> {
    const { uid, gid } = this.#owner;
    if (uid === undefined || process.getuid?.() === uid) return;
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true });
    const paths = [this.#folder, ...entries.map((entry) => join(entry.parentPath, entry.name))];
    await Promise.all(paths.map((path) => lchown(path, uid, gid ?? -1)));
  }

  /** Links, and the files by which git looks for its own things elsewhere. */
  async #refuseLinks(): Promise<void> {
    const below = [
      '',
      'refs',
      'refs/heads',
      'refs/heads/provisioner',
      'logs',
      'info',
      'objects',
      'objects/info',
      'objects/pack',
    ];
    for (const folder of below) {
      const entries = await readdir(join(this.#folder, folder), { withFileTypes: true }).catch(() => []);
      const link = entries.find((entry) => entry.isSymbolicLink());
      if (link !== undefined) throw unsafe(`.git/${join(folder, link.name)} is a link`);
      const elsewhere = entries.find(({ name }) => name === 'commondir' || name === 'alternates');
      if (elsewhere !== undefined) throw unsafe(`.git/${join(folder, elsewhere.name)} leads elsewhere`);
    }
  }
}

/** Brings the index along: without it a person would see our commit as changes of theirs, backwards. */
function stageStep(changes: readonly FileChange[]): GitStep {
  const none = '0'.repeat(40);
  const lines = changes.map((change) =>
    change.content === null
      ? `0 ${none}\t${change.path}\0`
      : `${modeOf(change)} ${blobId(change.content)}\t${change.path}\0`,
  );
  return { words: ['update-index', '-z', '--index-info'], input: lines.join('') };
}

function unsafe(what: string): ProvisionerError {
  return new ProvisionerError('WORKSPACE_UNSAFE', `${what}. Remove it; nothing is written through it.`);
}

/** The name git gives a file's content. */
function blobId(content: string): string {
  const bytes = Buffer.from(content);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function modeOf({ executable }: FileChange): string {
  return executable ? '100755' : '100644';
}

/** A commit in the language of `git fast-import` (git documentation). */
function commitCommand(
  ref: string,
  parents: readonly string[],
  changes: readonly FileChange[],
  { message, at }: Entry,
  mark: string,
): string {
  const [first, ...others] = parents;
  return [
    `commit ${ref}`,
    `mark ${mark}`,
    `committer ${committer} ${Math.floor(at.getTime() / 1000)} +0000`,
    data(message),
    ...(first === undefined ? [] : [`from ${first}`]),
    ...others.map((parent) => `merge ${parent}`),
    ...changes.map((change) =>
      change.content === null
        ? `D ${quoted(change.path)}`
        : `M ${modeOf(change)} inline ${quoted(change.path)}\n${data(change.content)}`,
    ),
    '\n',
  ].join('\n');
}

/** Their branch begins where ours does; later it gets what changed in the workspace, as a merge of our commit. */
function followCommand(branch: string, head: string | null, merged: readonly string[], entry: Entry): string {
  if (head === null) return `reset ${branch}\nfrom ${merged[0] ?? templateRef}\n\n`;
  return commitCommand(branch, [head, ...merged], entry.live, entry, ':2');
}

/** Counted in bytes, so that any text can stand there. */
function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
