/**
 * Pushes commits of a workspace to a repository of the platform's. Git reads the configuration of the repository that
 * it works in, and a workspace's can be written by people: it could send the token elsewhere (`url.*.insteadOf`,
 * `http.proxy`) or name programs (`core.sshCommand`, `credential.helper`). So the push happens in an empty repository of
 * our own that only borrows the workspace's objects.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { environmentOf } from './git-plumbing.ts';
import { findSecret } from './outgoing.ts';

/** Where histories go. */
export interface Remote {
  /** With `{home}` and `{namespace}` in place of the product's. */
  readonly url: string;
  /** Branch of the workspace that is pushed under the same name. */
  readonly branch: string;
  readonly login: Login | null;
}

/** How we show who we are. */
export interface Login {
  /** Value of the header `Authorization`. */
  readonly authorization: string;
  /** What must be seen nowhere. */
  readonly secrets: readonly string[];
}

export function loginOf(user: string, token: string): Login {
  const basic = Buffer.from(`${user}:${token}`).toString('base64');
  return { authorization: `Basic ${basic}`, secrets: [token, basic] };
}

/** Full name of a branch → its commit. */
export type Tips = Readonly<Record<string, string>>;

export interface PushOrder {
  /** The repository to borrow objects from: a workspace's `.git/objects`. */
  readonly objects: string;
  readonly url: string;
  readonly login: Login | null;
  readonly tips: Tips;
  /** What must not leave, wherever in the history it lies. */
  readonly secrets: readonly string[];
}

export type PushOutcome =
  | { readonly kind: 'pushed' }
  /** The remote has commits of these branches that the workspace has not. */
  | { readonly kind: 'diverged'; readonly branches: readonly string[] }
  | { readonly kind: 'failed'; readonly why: string };

const longestMs = 60_000;

/** Never forces, and never throws for what can go wrong on the way. */
export async function push(order: PushOrder): Promise<PushOutcome> {
  const gitDir = await mkdtemp(join(tmpdir(), 'provisioner-push-'));
  try {
    await makeEmpty(gitDir, order);
    const asked = await run(gitDir, order, ['ls-remote', '--', order.url, ...Object.keys(order.tips)]);
    if (asked.code !== 0) return outcomeOf(asked, order);
    const outgoing = {
      tips: Object.values(order.tips),
      known: asked.out.match(/^[0-9a-f]{40}(?=\t)/gm) ?? [],
    };
    const found = await findSecret(gitDir, outgoing, order.secrets);
    if (found !== null) return { kind: 'failed', why: `${found}: take it out of the history` };
    const refspecs = Object.entries(order.tips).map(([ref, commit]) => `${commit}:${ref}`);
    const words = ['push', '--porcelain', '--no-verify', '--no-signed', '--', order.url, ...refspecs];
    return outcomeOf(await run(gitDir, order, words), order);
  } catch (error) {
    return { kind: 'failed', why: told(error instanceof Error ? error.message : String(error), order) };
  } finally {
    await rm(gitDir, { recursive: true, force: true });
  }
}

async function makeEmpty(gitDir: string, { url, objects }: PushOrder): Promise<void> {
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
  // In quotes, or a path that begins with # would be a comment.
  await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${JSON.stringify(objects)}\n`);
  await mkdir(join(gitDir, 'refs'));
  await writeFile(join(gitDir, 'HEAD'), 'ref: refs/heads/none\n');
  await writeFile(join(gitDir, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n');
  // Git knows nothing of the authorities that the platform adds.
  if (url.startsWith('https:'))
    await writeFile(join(gitDir, 'ca.pem'), getCACertificates('default').join('\n'));
}

/** By environment, where no other user can read it, and for this address alone. */
function settingsOf(gitDir: string, { url, login }: PushOrder): (readonly [string, string])[] {
  const scheme = /^(https?):/.exec(url)?.[1] ?? 'file';
  return [
    ['protocol.allow', 'never'],
    [`protocol.${scheme}.allow`, 'always'],
    ['credential.helper', ''],
    ['http.followRedirects', 'false'],
    ...(scheme === 'https' ? [['http.sslCAInfo', join(gitDir, 'ca.pem')] as const] : []),
    ['http.lowSpeedLimit', '1000'],
    ['http.lowSpeedTime', '20'],
    ['pack.threads', '1'],
    ['pack.windowMemory', '32m'],
    ...(login === null || scheme === 'file'
      ? []
      : [[`http.${new URL(url).origin}/.extraHeader`, `Authorization: ${login.authorization}`] as const]),
  ];
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly said: string;
}

function run(gitDir: string, order: PushOrder, words: readonly string[]): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const child = spawn('git', words, {
    env: {
      ...environmentOf(gitDir, settingsOf(gitDir, order)),
      GIT_ASKPASS: 'false',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what git started ends with it.
    detached: true,
  });
  const timer = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, longestMs);
  const out: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  child.once('error', reject);
  child.once('close', (code) =>
    resolve({ code, out: Buffer.concat(out).toString(), said: Buffer.concat(said).toString() }),
  );
  return promise.finally(() => clearTimeout(timer));
}

/** `--porcelain` says of each branch: `<flag>\t<from>:<to>\t<summary> (<reason>)` (git documentation). */
function outcomeOf({ code, out, said }: Ended, order: PushOrder): PushOutcome {
  if (code === 0) return { kind: 'pushed' };
  const refused = out.split('\n').flatMap((text) => {
    const [, to, reason] = /^!\t[^:\t]*:refs\/heads\/([^\t]+)\t(.*)$/.exec(text) ?? [];
    return to === undefined || reason === undefined ? [] : [{ to, reason }];
  });
  const behind = refused.filter(({ reason }) => /\((fetch first|non-fast-forward|stale info)\)/.test(reason));
  if (behind.length > 0) return { kind: 'diverged', branches: behind.map(({ to }) => to) };
  const [first] = refused;
  if (first !== undefined) return { kind: 'failed', why: told(`${first.to}: ${first.reason}`, order) };
  return { kind: 'failed', why: code === null ? 'it took too long' : told(said, order) };
}

/** A server's words are anybody's: one line, not long, and without the secret that it was sent. */
function told(words: string, { login }: PushOrder): string {
  let text = words.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  for (const secret of login?.secrets ?? []) text = text.replaceAll(secret, '***');
  return text.slice(0, 300) || 'git says nothing';
}
