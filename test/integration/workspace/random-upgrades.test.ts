/**
 * Whatever a person does between upgrades of a template, nothing of it is lost: random lives of workspaces, with real
 * git. `UPGRADE_CASES` says how many.
 */
import { spawnSync } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HomeName } from '../../../src/model/home.ts';
import { aWorkspaceIn } from '../../support/upgraded-workspace.ts';

const cases = Number(process.env.UPGRADE_CASES ?? 60);

let root: string;
let homes = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'random-upgrades-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const first = ['a.md', 'deep/er/b.sql', 'run.sh', 'it’s "odd" – c.yml', 'config.toml', 'lib.py'] as const;
/** What the template may claim later: a person may have something there, and a folder may be where a file was. */
const later = ['deep', 'notes.md', 'notes.md/more.md', 'lib/extra.py', 'lib'] as const;
/** The starter is the person's, libraries are ours; the others are merged. */
const ownerships = {
  'config.toml': 'once',
  'lib.py': 'managed',
  'lib/extra.py': 'managed',
  lib: 'managed',
} as const;
const isManaged = (name: string) =>
  Object.entries(ownerships).some(([path, who]) => path === name && who === 'managed');

const path = fc.constantFrom(...first, ...later);
const line = fc.nat(11);

/** What the template's authors do. */
const change = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('replace' as const), path, line }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('insert' as const), path, line }) },
  fc.record({ kind: fc.constant('remove' as const), path, line }),
  fc.record({ kind: fc.constant('drop' as const), path }),
  fc.record({ kind: fc.constant('rename' as const), path }),
  fc.record({ kind: fc.constant('execute' as const), path }),
  fc.record({ kind: fc.constant('endings' as const), path }),
  fc.record({ kind: fc.constant('unfinished' as const), path }),
);
/** What a person does; beside the same, some that only people do. */
const act = fc.oneof(
  { weight: 8, arbitrary: change },
  fc.record({ kind: fc.constant('binary' as const), path }),
  fc.record({ kind: fc.constant('new' as const), path }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('own' as const), path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resolve' as const), path, line }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit' as const) }) },
);
const life = fc.array(
  fc.record({
    acts: fc.array(act, { maxLength: 5 }),
    changes: fc.array(change, { maxLength: 4 }),
    /** The run is killed when all is done, and has not told the books. */
    killed: fc.boolean(),
  }),
  {
    minLength: 2,
    maxLength: 5,
  },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;
type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

interface TemplateFile {
  readonly text: string;
  readonly executable: boolean;
}
type Template = ReadonlyMap<string, TemplateFile>;

const firstText = Array.from({ length: 12 }, (_, index) => `line ${index}\n`).join('');

function edited(text: string, what: Act | Change, mark: string): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const at = 'line' in what ? Math.min(what.line, lines.length) : 0;
  if (what.kind === 'replace') lines.splice(at, 1, `${mark}${ending}`);
  if (what.kind === 'insert') lines.splice(at, 0, `${mark}${ending}`);
  if (what.kind === 'remove') lines.splice(at, 1);
  const all = lines.join('');
  if (what.kind === 'endings') return all.replace(/\r?\n/g, ending === '\n' ? '\r\n' : '\n');
  return what.kind === 'unfinished' ? `${all}${mark}` : all;
}

function evolve(template: Template, what: Change, mark: string): Template {
  const files = new Map(template);
  const file = files.get(what.path);
  if (file === undefined) {
    // No template has a file and a folder of one name.
    const inTheWay = [...files.keys()].filter(
      (name) => name.startsWith(`${what.path}/`) || what.path.startsWith(`${name}/`),
    );
    for (const name of inTheWay) files.delete(name);
    return files.set(what.path, { text: firstText, executable: false });
  }
  if (what.kind === 'drop' || what.kind === 'rename') files.delete(what.path);
  if (what.kind === 'rename') files.set(`${what.path}.moved`, file);
  if (what.kind === 'execute') files.set(what.path, { ...file, executable: !file.executable });
  else if (files.has(what.path)) files.set(what.path, { ...file, text: edited(file.text, what, mark) });
  return files;
}

/** A file as it lies there. */
interface Live {
  readonly bytes: Buffer;
  readonly executable: boolean;
}

async function look(folder: string): Promise<Map<string, Live>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const live = new Map<string, Live>();
  for (const entry of entries) {
    const full = join(entry.parentPath, entry.name);
    const name = full.slice(folder.length + 1);
    if (!entry.isFile() || name.startsWith('.git/')) continue;
    const { mode } = await lstat(full);
    live.set(name, { bytes: await readFile(full), executable: (mode & 0o100) !== 0 });
  }
  return live;
}

async function perform(workspace: ReturnType<typeof aWorkspaceIn>, what: Act, mark: string): Promise<void> {
  const { folder, git } = workspace;
  if (what.kind === 'commit') {
    git('add', '--all', ':!*.new');
    git('commit', '--quiet', '--allow-empty', '--message', mark);
    return;
  }
  const full = join(folder, what.kind === 'resolve' ? `${what.path}.new` : what.path);
  const bytes = await readFile(full).catch(() => null);
  if (what.kind === 'new' || what.kind === 'own') {
    const made = await mkdir(dirname(full), { recursive: true }).catch(() => null);
    const there = what.kind === 'own' && (await lstat(full).catch(() => null)) !== null;
    if (made === null || there) return;
    return writeFile(what.kind === 'own' ? full : `${full}.mine`, `${mark}\n`);
  }
  if (bytes === null) return;
  if (what.kind === 'drop') return rm(full);
  if (what.kind === 'rename') return rename(full, `${full}.${mark}`);
  if (what.kind === 'execute') return chmod(full, ((await lstat(full)).mode & 0o100) === 0 ? 0o755 : 0o644);
  if (what.kind === 'binary')
    return writeFile(full, Buffer.concat([bytes, Buffer.from([0, 0xff, 0xfe, 0x80])]));
  // Bytes that are no text stay so.
  if (!bytes.includes(0xff)) await writeFile(full, edited(bytes.toString(), what, mark));
}

const marksIn = (bytes: Buffer) => bytes.toString().match(/mine-\d+-\d+/g) ?? [];

/** The name under which something was before it was moved aside. */
const nameBefore = (name: string) => name.replaceAll(/\.orig(\.\d+)?(?=\/|$)/g, '');

/** What is known of an upgrade before it begins. */
interface Before {
  readonly files: ReadonlyMap<string, Live>;
  /** Path → digest, as rendered last. */
  readonly books: Readonly<Record<string, string>>;
  /** Every text that the template ever had for a file: what lies there otherwise is a person's. */
  readonly given: ReadonlyMap<string, ReadonlySet<string>>;
  /** A file as it is committed; `null`: it is not. */
  readonly committed: (name: string) => Buffer | null;
}

/** What must hold of an upgrade, from what lay there before and after it. */
function nothingIsLost({ files, books, given, committed }: Before, after: ReadonlyMap<string, Live>): void {
  for (const [name, file] of files) {
    const base = books[name];
    const now = after.get(name);
    if (
      now !== undefined &&
      base !== undefined &&
      !isManaged(name) &&
      base.endsWith('+x') !== file.executable
    )
      expect(now.executable, `the mode of ${name}`).toBe(file.executable);
    if (given.get(name.replace(/\.new$/, ''))?.has(file.bytes.toString()) === true) continue;
    const kept = [...after].flatMap(([path, { bytes }]) =>
      nameBefore(path) === nameBefore(name) ? [bytes] : [],
    );
    const inGit = isManaged(name) ? committed(name) : null;
    const all = [...kept, ...(inGit === null ? [] : [inGit])];
    expect(
      all.some((bytes) => marksIn(bytes).join() === marksIn(file.bytes).join()),
      `the person's lines of ${name}`,
    ).toBe(true);
    if (file.bytes.includes(0xff))
      expect(
        all.some((bytes) => bytes.equals(file.bytes)),
        `the bytes of ${name}`,
      ).toBe(true);
  }
  for (const name of Object.keys(books))
    if (!files.has(name) && !isManaged(name)) expect(after.has(name), `${name} stays deleted`).toBe(false);
  for (const [name, { bytes }] of after)
    expect(/^(<<<<<<<|=======|>>>>>>>)/m.test(bytes.toString()), `conflict marks in ${name}`).toBe(false);
}

function showIn(folder: string, commit: string, name: string): Buffer | null {
  const { status, stdout } = spawnSync('git', ['cat-file', 'blob', `${commit}:${name}`], { cwd: folder });
  return status === 0 ? stdout : null;
}

/** What git says changed: names with odd letters come unquoted, ended by NUL. */
const dirty = (git: (...words: string[]) => string) =>
  new Set(
    git('status', '--porcelain', '--untracked-files=all', '--no-renames', '-z')
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => entry.slice(3)),
  );

test(
  'no edit is lost, no deletion undone, no mode or byte changed, and git has nothing to complain of',
  async () => {
    const check = async (rounds: Life) => {
      const workspace = aWorkspaceIn(root, `home-${homes++}` as HomeName);
      const { folder, git } = workspace;
      let template: Template = new Map(
        first.map((name) => [name, { text: firstText, executable: name === 'run.sh' }]),
      );
      const given = new Map<string, Set<string>>();
      const upgrade = async () => {
        for (const [name, { text }] of template) given.set(name, new Set([...(given.get(name) ?? []), text]));
        const texts = Object.fromEntries([...template].map(([name, { text }]) => [name, text]));
        return workspace.upgrade(texts, ownerships, (name) => template.get(name)?.executable === true);
      };
      await upgrade();
      for (const [round, { acts, changes, killed }] of rounds.entries()) {
        for (const [index, what] of acts.entries()) await perform(workspace, what, `mine-${round}-${index}`);
        for (const [index, what] of changes.entries())
          template = evolve(template, what, `theirs-${round}-${index}`);
        const before = {
          files: await look(folder),
          books: workspace.books(),
          given,
          head: git('rev-parse', 'HEAD').trim(),
          dirty: dirty(git),
        };
        const committed = (name: string) => showIn(folder, before.head, name);
        const outcome = await upgrade();
        const after = await look(folder);
        nothingIsLost({ ...before, committed }, after);
        if (killed) {
          workspace.forgetSince(before.books);
          expect(
            (await upgrade()).conflicts,
            'files that were merged are in conflict when it is done again',
          ).toEqual(outcome.conflicts);
          expect(await look(folder), 'what lies there when it is done again').toEqual(after);
        }
        git('merge-base', '--is-ancestor', before.head, 'HEAD');
        const news = [...dirty(git)].filter(
          (name) => !before.dirty.has(name) && !/\.(new|orig(\.\d+)?)(\/|$)/.test(name),
        );
        expect(news, 'what a person would see as changes of theirs').toEqual([]);
      }
      expect(git('fsck', '--strict')).not.toMatch(/error|missing|corrupt/);
      await rm(folder, { recursive: true });
    };
    await fc.assert(fc.asyncProperty(life, check), { numRuns: cases, endOnFailure: true });
  },
  60_000 + cases * 2000,
);
