/**
 * Git's plumbing on one repository, with our configuration alone: whoever can write to a workspace can write to its
 * `.git` too, and what is configured there can name programs. simple-git is for whole repositories and remotes: it has
 * no standard input, and waits 50 ms after every command that prints nothing.
 */
import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import { inOurWords } from './tree.ts';

const settings = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['gc.auto', '0'],
] as const;

/**
 * Runs one command and returns what it printed.
 *
 * @param gitDir the repository's `.git`
 * @throws ProvisionerError `WORKSPACE_UNWRITABLE` with what git said as its cause
 */
export async function runGit(gitDir: string, words: readonly string[]): Promise<string> {
  return (await start(gitDir, 'git', words, [])).toString('utf8');
}

/**
 * The contents of objects one after another, each after a line with its name, type and size in bytes
 * (`git cat-file --batch`, git documentation).
 *
 * @throws as `runGit`
 */
export function readObjects(gitDir: string, names: readonly string[]): Promise<Buffer> {
  return start(gitDir, 'sh', ['-c', `git cat-file --batch <&${firstInput}`], [`${names.join('\n')}\n`]);
}

/** A command of fixed words, and what it reads. */
export interface GitStep {
  readonly words: readonly string[];
  readonly input: string;
}

/**
 * Runs commands one after another, up to the first that fails, in a process of their own: to start one costs the daemon
 * some 5 ms, because Node copies its page tables for it; the shell's own children cost next to nothing.
 *
 * @throws as `runGit`
 */
export async function runGitSteps(gitDir: string, steps: readonly GitStep[]): Promise<void> {
  const lines = steps.map(({ words }, index) => `git ${words.map(plain).join(' ')} <&${index + firstInput}`);
  const inputs = steps.map(({ input }) => input);
  await start(gitDir, 'sh', ['-c', lines.join(' && ')], inputs);
}

/** Number of the first descriptor that inputs come by. */
const firstInput = 3;

/** What a shell reads as it stands. */
function plain(word: string): string {
  if (!/^[\w./=-]+$/.test(word)) throw new Error(`${JSON.stringify(word)} is no fixed word`);
  return word;
}

async function start(
  gitDir: string,
  program: string,
  words: readonly string[],
  inputs: readonly string[],
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const child = spawn(program, words, {
    env: environmentOf(gitDir),
    stdio: ['ignore', 'pipe', 'pipe', ...inputs.map(() => 'pipe' as const)],
  });
  const out: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
  child.once('error', reject);
  child.once('close', (code) => {
    if (code === 0) resolve(Buffer.concat(out));
    else reject(new Error(`git: ${Buffer.concat(said).toString('utf8').slice(0, 2000)}`));
  });
  for (const [index, input] of inputs.entries()) {
    // A child that could not be started for want of descriptors has no streams at all, whatever the types say (Node 26).
    const pipe = child.stdio?.[index + firstInput];
    if (!(pipe instanceof Writable)) continue;
    // A git that ended early says why by its exit.
    pipe.on('error', () => undefined);
    pipe.end(input);
  }
  return promise.catch(inOurWords('.git'));
}

/** What git is started with: a configuration of ours, and nobody else's but the repository's own. */
export function environmentOf(
  gitDir: string,
  more: readonly (readonly [key: string, value: string])[] = [],
): Record<string, string> {
  const all = [...settings, ...more];
  return {
    PATH: process.env.PATH ?? '',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_DIR: gitDir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: String(all.length),
    ...Object.fromEntries(
      all.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}
