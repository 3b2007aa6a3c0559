/**
 * An S3 server with AWS's IAM API for the demo and the tests: MiniStack (PyPI, MIT), in a virtual environment of its
 * own. It checks policies, conditions and keys for real, but not the admin's secret: a demo, never a boundary.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

const run = promisify(execFile);
const ministackVersion = '1.5.33';
const startTimeoutMs = 30_000;

/** A running store. */
export interface DemoStore extends AsyncDisposable {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Stops answering, as a store that is down. `thaw` brings it back. */
  freeze(): void;
  thaw(): void;
}

/**
 * Path of the `ministack` program, installed on first use below `cacheFolder` (about half a minute, 90 MB).
 *
 * @throws Error with pip's words when Python 3.10+ or the package can not be had
 */
export async function installMinistack(cacheFolder: string, say: (line: string) => void): Promise<string> {
  const venv = join(cacheFolder, `ministack-${ministackVersion}`);
  const program = join(venv, 'bin', 'ministack');
  if (existsSync(program)) return program;
  say(`installing MiniStack ${ministackVersion} into ${venv} (once)`);
  await mkdir(cacheFolder, { recursive: true });
  const unfinished = `${venv}.${randomUUID()}`;
  await rm(unfinished, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', unfinished]);
  // Scripts in a virtual environment name their interpreter by its full path: moved, they are called through it.
  await run(join(unfinished, 'bin', 'pip'), ['install', '--quiet', `ministack==${ministackVersion}`]);
  await rename(unfinished, venv).catch(async (error: unknown) => {
    if (!existsSync(program)) throw error;
    await rm(unfinished, { recursive: true, force: true });
  });
  return program;
}

/** Starts a store on a free loopback port, with an admin identity of its own. Data is in memory. */
export async function startMinistack(program: string): Promise<DemoStore> {
  const port = await freePort();
  const accessKey = 'AKIADEMOADMIN0000000';
  const python = join(program, '..', 'python3');
  const child = spawn(python, [program], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/tmp',
      AUTH: 'true',
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      AWS_ACCESS_KEY_ID: accessKey,
      LOG_LEVEL: 'ERROR',
    },
  });
  const words: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => {
    words.push(chunk.toString());
    if (words.length > 50) words.shift();
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await answers(endpoint, child, words);
  return {
    endpoint,
    accessKey,
    secretKey: 'demo-admin-secret-that-is-not-checked-00',
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function answers(endpoint: string, child: ChildProcess, words: readonly string[]): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) break;
    const answered = await fetch(endpoint, { signal: AbortSignal.timeout(1000) }).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  throw new Error(`MiniStack did not start: ${words.join('').slice(-500)}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill('SIGCONT');
  child.kill('SIGKILL');
  await promise;
}
