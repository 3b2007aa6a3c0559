/** What all store servers of the tests have in common. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A running store with its admin identity. */
export interface StoreServer extends AsyncDisposable {
  readonly name: string;
  readonly endpoint: string;
  /** Where the IAM API has an address of its own. */
  readonly iamEndpoint?: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

const startTimeoutMs = 30_000;

/** Runs a server until it is disposed; `answers` says whether it is up. Fails with its last words. */
export async function startProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  answers: () => Promise<boolean>,
): Promise<AsyncDisposable> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', HOME: tmpdir(), ...env },
  });
  const words: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      words.push(chunk.toString());
      if (words.length > 50) words.shift();
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      words.push(error.message);
      resolve();
    });
  });
  const end = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const deadline = Date.now() + startTimeoutMs;
  while (!(await answers().catch(() => false))) {
    if (Date.now() < deadline && child.exitCode === null) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
      continue;
    }
    await end();
    throw new Error(`${program} did not start: ${words.join('').slice(-800)}`);
  }
  return { [Symbol.asyncDispose]: end };
}

/** Whether there is any HTTP answer at an address. */
export async function anyAnswer(url: string): Promise<boolean> {
  await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(1000) });
  return true;
}

/** A folder for the server's data, gone with the stack. */
export async function dataFolder(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-store-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
