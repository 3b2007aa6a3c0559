/** Workspaces on one volume, each with a group of its own, and the people of each. Needs root to be all of them. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, chown, link, lstat, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../src/db/connection.ts';
import { claimGroup } from '../../../src/db/workspace-groups.ts';
import type { HomeName } from '../../../src/model/home.ts';
import { sha256 } from '../../../src/workspace/digest.ts';
import { Workspaces } from '../../../src/workspace/workspace.ts';

const base = 42_000;
const [sales, stock] = ['sales', 'stock'] as [HomeName, HomeName];

let data: string;
let database: Database;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'own-groups-data-'));
  database = await openDatabase(data);
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await rm(data, { recursive: true, force: true });
});
beforeEach(async () => {
  await database.sql.deleteFrom('workspace_group').execute();
});

describe('the books of groups', () => {
  const claim = (home: string, found: number | null = null) =>
    claimGroup(database.sql, home as HomeName, base, found);

  test('give each home a number of its own, and the same again', async () => {
    expect([await claim('a'), await claim('b'), await claim('a')]).toEqual([base, base + 1, base]);
  });

  test('give no number twice when many ask at once', async () => {
    const homes = Array.from({ length: 12 }, () => randomUUID());
    const groups = await Promise.all(homes.map((home) => claim(home)));
    expect(new Set(groups).size).toBe(homes.length);
  });

  test('take over what a folder has, when books were lost, but no other home’s and none below the base', async () => {
    expect(await claim('a', base + 7)).toBe(base + 7);
    expect(await claim('b', base + 7)).toBe(base + 8);
    expect(await claim('c', 1000)).toBe(base + 9);
  });
});

describe.skipIf(process.getuid?.() !== 0)('workspaces with groups of their own', () => {
  let root: string;
  let workspaces: Workspaces;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'own-groups-'));
    workspaces = closed();
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const closed = () =>
    new Workspaces({
      root,
      owner: { uid: undefined, gid: undefined },
      history: true,
      groupOf: (home, found) => claimGroup(database.sql, home, base, found),
    });
  const shared = (gid: number | undefined, uid?: number) =>
    new Workspaces({ root, owner: { uid, gid }, history: true });

  async function lay(into: Workspaces, home: HomeName): Promise<void> {
    const content = 'select 1\n';
    const file = {
      path: 'models/a.sql',
      content,
      digest: sha256(content),
      ownership: 'once',
      executable: false,
    } as const;
    const { entry } = await into.updateFiles(home, {
      write: [file.path],
      merge: [],
      remove: [],
      files: [file],
      before: {},
      after: { [file.path]: file.digest },
      message: 'x\n',
      at: new Date(),
    });
    if (entry !== null) await into.commit(home, entry);
    await into.writeEnv(home, { S3_SECRET_KEY: `secret-of-${home}` }, null);
  }

  /** Runs as a person of a product: their own user, the product's group, and nothing of ours. */
  function as(user: { uid: number; gid: number }, script: string) {
    const settings = ['safe.directory', '*', 'user.name', 'Ada', 'user.email', 'ada@example.com'];
    const pairs = [0, 1, 2].flatMap((index) => [
      [`GIT_CONFIG_KEY_${index}`, settings[index * 2] ?? ''],
      [`GIT_CONFIG_VALUE_${index}`, settings[index * 2 + 1] ?? ''],
    ]);
    const { status, stdout, stderr } = spawnSync('sh', ['-c', `umask 002; ${script}`], {
      ...user,
      cwd: root,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: '/nonexistent',
        GIT_CONFIG_COUNT: '3',
        ...Object.fromEntries(pairs),
      },
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  }

  const groupOf = async (home: HomeName) => (await stat(join(root, home))).gid;
  const personOf = async (home: HomeName) => ({
    uid: (await groupOf(home)) + 10_000,
    gid: await groupOf(home),
  });

  test('people of one read their keys, and neither keys nor names of the other', async () => {
    await lay(workspaces, sales);
    await lay(workspaces, stock);
    const person = await personOf(sales);
    expect(as(person, 'cat sales/.env').output).toContain('secret-of-sales');
    for (const script of ['cat stock/.env', 'ls stock', 'cat stock/models/a.sql', 'ls .', 'echo x > stock/x'])
      expect(as(person, script), script).toMatchObject({
        status: expect.not.toBeOneOf([0]),
        output: expect.stringContaining('ermission denied'),
      });
    expect((await stat(root)).mode & 0o7777).toBe(0o711);
    expect((await stat(join(root, sales))).mode & 0o7777).toBe(0o2770);
    expect((await workspaces.observe(sales, [])).env?.guarded).toBe(true);
  });

  test('two people of one work in it together, and commit', async () => {
    await lay(workspaces, sales);
    const [ada, bob] = [await personOf(sales), { ...(await personOf(sales)), uid: 61_000 }];
    expect(
      as(ada, 'cd sales && echo "-- mine" >> models/a.sql && git commit --quiet --all --message mine').output,
    ).toBe('');
    expect(
      as(bob, 'cd sales && echo "-- too" >> models/a.sql && git commit --quiet --all --message too').output,
    ).toBe('');
    expect(as(ada, 'cd sales && git fsck --strict').output).not.toMatch(/error|fatal/);
  });

  test.each([
    ['a common group', 4100, undefined],
    ['a common user and no group', undefined, 4101],
  ])('homes that had %s are moved over with all that is in them', async (_what, gid, uid) => {
    const before = shared(gid, uid);
    const old = { uid: uid ?? 4102, gid: gid ?? 4101 };
    for (const home of [sales, stock]) await lay(before, home);
    await chmod(root, 0o755);
    expect(
      as(old, 'cat stock/.env && mkdir -p stock/deep/er && echo x > stock/deep/er/mine.sql').status,
    ).toBe(0);

    expect((await workspaces.observe(stock, [])).env?.guarded).toBe(false);
    for (const home of [sales, stock])
      await workspaces.writeEnv(home, { S3_SECRET_KEY: `secret-of-${home}` }, null);
    expect((await workspaces.observe(stock, [])).env?.guarded).toBe(true);

    const person = await personOf(stock);
    expect(await groupOf(stock)).not.toBe(await groupOf(sales));
    expect(as(person, 'cat stock/.env').output).toContain('secret-of-stock');
    expect(
      as(
        person,
        'cd stock && echo y >> deep/er/mine.sql && git add --all && git commit --quiet --message mine',
      ).output,
    ).toBe('');
    expect(as(old, 'cat stock/.env').status).not.toBe(0);
    expect(as(old, 'chmod 777 stock; cat stock/.env').status).not.toBe(0);
    expect(as(person, 'cat sales/.env').status).not.toBe(0);
  });

  test('what is moved over never reaches out of the workspace', async () => {
    await lay(shared(4100), sales);
    const outside = join(root, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'file'), 'x', { mode: 0o600 });
    await writeFile(join(outside, 'linked'), 'x', { mode: 0o600 });
    await chown(outside, 0, 4444);
    await symlink(outside, join(root, sales, 'folder'));
    await symlink(join(outside, 'file'), join(root, sales, 'file'));
    await link(join(outside, 'linked'), join(root, sales, 'linked'));
    spawnSync('sh', ['-c', 'mkfifo "$0"', join(root, sales, 'pipe')]);
    await workspaces.writeEnv(sales, {}, null);
    expect((await lstat(outside)).gid).toBe(4444);
    for (const name of ['file', 'linked']) expect((await lstat(join(outside, name))).gid).toBe(0);
    expect((await lstat(join(outside, 'file'))).mode & 0o777).toBe(0o600);
    expect((await workspaces.observe(sales, [])).env?.guarded).toBe(true);
  });

  test('a move that was cut off goes on with the next look, and lost books change nobody’s group', async () => {
    await lay(workspaces, sales);
    await lay(workspaces, stock);
    const before = await groupOf(stock);
    await chmod(join(root, stock), 0o700);
    expect((await workspaces.observe(stock, [])).env?.guarded).toBe(false);
    await workspaces.writeEnv(stock, {}, null);
    expect((await stat(join(root, stock))).mode & 0o7777).toBe(0o2770);
    await database.sql.deleteFrom('workspace_group').execute();
    await closed().writeEnv(stock, {}, null);
    expect(await groupOf(stock)).toBe(before);
  });
});
