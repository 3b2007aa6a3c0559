/**
 * Git's plumbing on one repository, with our configuration alone: whoever can write to a workspace can write to its
 * `.git` too, and what is configured there can name programs. simple-git is for whole repositories and remotes: it has
 * no standard input, and waits 50 ms after every command that prints nothing.
 */
import { spawn } from 'node:child_process';
import { workspaceError } from './tree.ts';

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
export async function runGit(gitDir: string, words: readonly string[], input = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const git = spawn('git', words, { env: environmentOf(gitDir), stdio: 'pipe' });
  const out: Buffer[] = [];
  const said: Buffer[] = [];
  git.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  git.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  git.once('error', reject);
  git.once('close', (code) => {
    if (code === 0) resolve(Buffer.concat(out).toString('utf8'));
    else reject(new Error(`git ${words[0]}: ${Buffer.concat(said).toString('utf8').slice(0, 2000)}`));
  });
  // A git that ended early says why by its exit.
  git.stdin.on('error', () => undefined);
  git.stdin.end(input);
  return promise.catch((error: unknown) => {
    throw workspaceError('.git', error);
  });
}

function environmentOf(gitDir: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_DIR: gitDir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}
