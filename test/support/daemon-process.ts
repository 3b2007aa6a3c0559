/** The program as a process of its own. */
import { spawn } from 'node:child_process';
import { eventually } from './world.ts';

export interface DaemonProcess extends AsyncDisposable {
  readonly pid: number;
  /** Exit code; `null` when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Everything it wrote so far. */
  output(): string;
  /** Where it listens, once it does. */
  url(): Promise<string>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: no last words. */
  kill(): Promise<void>;
}

/** @param through words before the program's own: a command that ends in becoming the rest of its arguments */
export function runDaemon(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  through: readonly string[] = [],
): DaemonProcess {
  const [command = '', ...words] = [...through, process.execPath, 'src/main.js', ...args];
  const child = spawn(command, words, {
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...env },
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      out += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  return {
    pid: child.pid ?? 0,
    ended,
    output: () => out,
    url: () =>
      eventually(
        'the address',
        () => {
          if (child.exitCode !== null)
            throw new Error(`It ended with ${child.exitCode}: ${out.slice(-2000)}`);
          return /"url":"(http:[^"]+)"/.exec(out)?.[1];
        },
        60_000,
      ),
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
  };
}
