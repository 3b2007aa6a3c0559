/** Histories of workspaces in repositories elsewhere, with real git and its real server. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HomeName } from '../../../src/model/home.ts';
import { sha256 } from '../../../src/workspace/digest.ts';
import { loginOf, push } from '../../../src/workspace/push.ts';
import { Workspaces } from '../../../src/workspace/workspace.ts';
import { type GitServer, startGitServer } from '../../support/git-server.ts';

const token = 'a-token-that-nobody-sees';
const secret = 'wJalrXUtnFEMI/K7MDENG';
const login = loginOf('git', token);
const cleanup = new AsyncDisposableStack();
let root: string;
let server: GitServer;
let number = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'push-'));
  cleanup.defer(() => rm(root, { recursive: true, force: true }));
  server = cleanup.use(await startGitServer(root, login.authorization));
});
afterAll(() => cleanup.disposeAsync());

const gitIn = (folder: string, ...words: string[]) =>
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' },
    stdio: 'pipe',
  }).trim();

/** A workspace with one commit of ours, and a bare repository for it. */
async function aWorkspace() {
  number += 1;
  const home = `home-${number}` as HomeName;
  const workspaces = new Workspaces({ root, owner: { uid: undefined, gid: undefined }, history: true });
  const content = `number ${number}\n`;
  const file = {
    path: 'README.md',
    content,
    digest: sha256(content),
    ownership: 'merged',
    executable: false,
  } as const;
  const { entry } = await workspaces.updateFiles(home, {
    write: [file.path],
    merge: [],
    remove: [],
    files: [file],
    before: {},
    after: { [file.path]: file.digest },
    message: 'Set up the workspace\n',
    at: new Date(1_800_000_000_000),
  });
  if (entry !== null) await workspaces.commit(home, entry);
  const folder = join(root, home);
  const bare = join(root, `remote-${number}.git`);
  gitIn(root, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  gitIn(bare, 'config', 'http.receivepack', 'true');
  const pushTo = async (url: string) => {
    const tips = await workspaces.tipsOf(home, 'main');
    if (tips === null) throw new Error('there is no history');
    return push({ objects: tips.objects, url, login, tips: tips.commits, secrets: [secret] });
  };
  return {
    folder,
    bare,
    web: `${server.url}/remote-${number}.git`,
    pushTo,
    git: (...words: string[]) => gitIn(folder, ...words),
    there: (branch: string) => gitIn(bare, 'rev-parse', branch),
  };
}

describe.each(['a path', 'a file:// address', 'an http address'] as const)('to %s', (kind) => {
  const addressOf = ({ bare, web }: { bare: string; web: string }) =>
    ({ 'a path': bare, 'a file:// address': `file://${bare}`, 'an http address': web })[kind];

  test('the branch of the people and ours are pushed, and again when there is more', async () => {
    const workspace = await aWorkspace();
    expect(await workspace.pushTo(addressOf(workspace))).toEqual({ kind: 'pushed' });
    expect(workspace.there('main')).toBe(workspace.git('rev-parse', 'main'));
    expect(workspace.there('provisioner/template')).toBe(workspace.git('rev-parse', 'provisioner/template'));
    workspace.git('commit', '--quiet', '--allow-empty', '--message', 'Mine');
    workspace.git('pack-refs', '--all');
    expect(await workspace.pushTo(addressOf(workspace))).toEqual({ kind: 'pushed' });
    expect(workspace.there('main')).toBe(workspace.git('rev-parse', 'main'));
  });

  test('a remote that went another way keeps its commits', async () => {
    const workspace = await aWorkspace();
    await workspace.pushTo(addressOf(workspace));
    const clone = `${workspace.folder}-clone`;
    gitIn(root, 'clone', '--quiet', workspace.bare, clone);
    gitIn(clone, 'commit', '--quiet', '--allow-empty', '--message', 'Elsewhere');
    gitIn(clone, 'push', '--quiet');
    const before = workspace.there('main');
    workspace.git('commit', '--quiet', '--allow-empty', '--message', 'Here');
    expect(await workspace.pushTo(addressOf(workspace))).toEqual({ kind: 'diverged', branches: ['main'] });
    expect(workspace.there('main')).toBe(before);
  });

  test('a remote that is not there is told, not thrown', async () => {
    const workspace = await aWorkspace();
    await rm(workspace.bare, { recursive: true });
    expect(await workspace.pushTo(addressOf(workspace))).toMatchObject({
      kind: 'failed',
      why: expect.any(String),
    });
  });
});

test('a server that refuses the token repeats it to nobody', async () => {
  const workspace = await aWorkspace();
  const wrong = loginOf('git', 'another-token-of-ours');
  const objects = join(workspace.folder, '.git/objects');
  const tips = { 'refs/heads/main': workspace.git('rev-parse', 'main') };
  const outcome = await push({ objects, url: workspace.web, login: wrong, tips, secrets: [] });
  expect(outcome.kind).toBe('failed');
  for (const secret of wrong.secrets) expect(JSON.stringify(outcome)).not.toContain(secret);
});

test('a hook of the remote that refuses is told', async () => {
  const workspace = await aWorkspace();
  const hook = join(workspace.bare, 'hooks/pre-receive');
  await writeFile(hook, '#!/bin/sh\nexit 1\n');
  await chmod(hook, 0o755);
  expect(await workspace.pushTo(workspace.web)).toEqual({
    kind: 'failed',
    why: 'main: [remote rejected] (pre-receive hook declined)',
  });
});

describe('a history stays at home when it holds', () => {
  type Workspace = Awaited<ReturnType<typeof aWorkspace>>;
  const commit = async ({ folder, git }: Workspace, path: string, text: string, message = 'Oh no') => {
    await writeFile(join(folder, path), text);
    git('add', '--force', path);
    git('commit', '--quiet', '--message', message);
  };
  const undo = ({ git }: Workspace, path: string) => {
    git('rm', '--quiet', '--cached', path);
    git('commit', '--quiet', '--message', 'Phew');
  };

  test.each<[what: string, told: string, (workspace: Workspace) => Promise<void>]>([
    ['.env', '.env', (workspace) => commit(workspace, '.env', 'X=1\n')],
    [
      '.env in a commit before the newest',
      '.env',
      async (workspace) => {
        await commit(workspace, '.env', 'X=1\n');
        undo(workspace, '.env');
      },
    ],
    [
      'the key in a file that is gone again',
      'a key',
      async (workspace) => {
        await commit(workspace, 'notes.txt', `my key: ${secret}\n`);
        undo(workspace, 'notes.txt');
      },
    ],
    ['the key in a message', 'a key', (workspace) => commit(workspace, 'a.txt', '', `Use ${secret}`)],
    [
      'the key on a branch that was merged',
      'a key',
      async (workspace) => {
        workspace.git('checkout', '--quiet', '-b', 'try');
        await commit(workspace, 'notes.txt', secret);
        undo(workspace, 'notes.txt');
        workspace.git('checkout', '--quiet', 'main');
        workspace.git('merge', '--quiet', '--no-ff', '--message', 'Merge', 'try');
      },
    ],
  ])('%s', async (_what, told, spoil) => {
    const workspace = await aWorkspace();
    await workspace.pushTo(workspace.bare);
    const before = workspace.there('main');
    await spoil(workspace);
    expect(await workspace.pushTo(workspace.bare)).toMatchObject({
      kind: 'failed',
      why: expect.stringContaining(told),
    });
    expect(workspace.there('main')).toBe(before);
  });

  test('but not when only the remote’s own part of it does, of which it takes the rest', async () => {
    const workspace = await aWorkspace();
    await commit(workspace, '.env', 'X=1\n');
    gitIn(workspace.folder, 'push', '--quiet', workspace.bare, 'main');
    undo(workspace, '.env');
    expect(await workspace.pushTo(workspace.bare)).toEqual({ kind: 'pushed' });
    expect(workspace.there('main')).toBe(workspace.git('rev-parse', 'main'));
  });
});

describe('what is configured in the workspace’s .git', () => {
  test('neither sends the token elsewhere, nor runs', async () => {
    const workspace = await aWorkspace();
    const thief = cleanup.use(await startGitServer(root, 'nothing fits'));
    const ran = join(root, `ran-${number}`);
    const program = join(root, `program-${number}`);
    await writeFile(program, `#!/bin/sh\nenv > ${ran}\n`);
    await chmod(program, 0o755);
    const origin = new URL(server.url).origin;
    const settings = [
      [`url.${thief.url}/.insteadOf`, `${origin}/`],
      [`url.${thief.url}/.pushInsteadOf`, `${origin}/`],
      ['http.proxy', thief.url],
      [`http.${origin}/.proxy`, thief.url],
      ['core.sshCommand', program],
      ['core.askPass', program],
      ['core.hooksPath', root],
      ['core.gitProxy', program],
      ['credential.helper', `!${program}`],
      ['remote.origin.pushurl', thief.url],
      ['push.gpgSign', 'true'],
      ['gpg.program', program],
      ['core.alternateRefsCommand', program],
    ] as const;
    for (const [key, value] of settings) workspace.git('config', key, value);
    await mkdir(join(workspace.folder, '.git/hooks'));
    for (const hook of ['pre-push', 'reference-transaction'])
      await symlink(program, join(workspace.folder, '.git/hooks', hook));
    expect(await workspace.pushTo(workspace.web)).toEqual({ kind: 'pushed' });
    expect(thief.requests).toEqual([]);
    await expect(readFile(ran)).rejects.toThrow('ENOENT');
  });
});

test('an address that leads on to another is not followed with the token', async () => {
  const workspace = await aWorkspace();
  const objects = join(workspace.folder, '.git/objects');
  const tips = { 'refs/heads/main': workspace.git('rev-parse', 'main') };
  const leading = createServer((request, response) => {
    response.writeHead(302, { location: `${server.url}${request.url}` }).end();
  });
  await new Promise<void>((resolve) => leading.listen(0, '127.0.0.1', resolve));
  const address = leading.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const before = server.requests.length;
  const url = `http://127.0.0.1:${port}/remote-${number}.git`;
  const outcome = await push({ objects, url, login, tips, secrets: [] });
  leading.closeAllConnections();
  await new Promise((resolve) => leading.close(resolve));
  expect(outcome.kind).toBe('failed');
  expect(server.requests).toHaveLength(before);
});
