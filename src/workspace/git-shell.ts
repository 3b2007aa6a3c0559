/**
 * Makes repositories. To start a program costs a process in proportion to its memory (Linux copies its page tables, and Node
 * waits for that), and a new home is a new repository: so a shell, which is small, starts git for us and is kept for the next.
 */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import PQueue from 'p-queue';
import { environmentOf } from './git-plumbing.ts';
import { inOurWords } from './tree.ts';

/** What git lays into a new repository: what is not ours to show anybody, whatever `.gitignore` says. */
const template = join(import.meta.dirname, 'git-template');

/**
 * Reads where and for whom, then what `git fast-import` reads up to its `done`; says what git said and, in a last line,
 * how it ended. `read` takes nothing beyond its line (POSIX); git's buffer would, but the next repository is asked for
 * when this one is there. After a failure it goes no further: what git did not read is people's text, and no place. The
 * commits stay one pack: half of so many files.
 */
const script = `
export GIT_DIR
while IFS= read -r GIT_DIR && read -r shared; do
  {
    git init --quiet --initial-branch=main --template="$0" \${shared:+"$shared"} </dev/null &&
      git -c fastimport.unpackLimit=1 fast-import --quiet --done &&
      git read-tree refs/heads/main </dev/null
  } 2>&1
  ended=$?
  printf '\\n%d\\n' "$ended"
  [ "$ended" = 0 ] || exit
done`;

const lastLine = /\n(\d+)\n$/;

/** What is asked for, until it is there. */
interface Asked {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** So many at a time: more would only wait for the same disk. */
const turns = new PQueue({ concurrency: 4 });
const idle: Shell[] = [];

/**
 * Makes a repository with a branch `main`, and the index of that.
 *
 * @param gitDir where nothing lies, or what an attempt that was cut off left
 * @param commits for `git fast-import` (git documentation), with `done` at the end
 * @throws ProvisionerError `WORKSPACE_UNWRITABLE` with what git said as its cause
 */
export function makeRepository(
  gitDir: string,
  commits: string,
  { shared }: { readonly shared: boolean },
): Promise<void> {
  return turns.add(async () => {
    const shell = takeIdle() ?? new Shell();
    await shell.make(gitDir, commits, shared).catch(inOurWords('.git'));
    idle.push(shell);
  });
}

/** One that somebody ended meanwhile is passed over. */
function takeIdle(): Shell | undefined {
  for (let shell = idle.pop(); shell !== undefined; shell = idle.pop()) if (!shell.ended) return shell;
  return undefined;
}

/** Whoever answers webhooks, and the store beside it, need the processor first. */
function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or its system knows no priorities.
  }
}

class Shell {
  readonly #child;
  readonly #pipes: readonly Socket[];
  #said = '';
  #asked: Asked | null = null;
  #ended = false;

  constructor() {
    // Taken at once: zlib's memory comes and goes with every object of a pack.
    const env = { ...environmentOf(''), MALLOC_TOP_PAD_: '4194304' };
    this.#child = spawn('sh', ['-c', script, template], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    giveWay(this.#child.pid);
    // A child that could not be started for want of descriptors has no streams at all, whatever the types say (Node 26).
    this.#pipes = [this.#child.stdin, this.#child.stdout].filter((pipe) => pipe instanceof Socket);
    // A shell that ended says so by its end.
    for (const pipe of this.#pipes) pipe.on('error', () => undefined);
    this.#child.once('error', (error) => this.#end(error));
    this.#child.once('exit', () => {
      this.#ended = true;
    });
    // When all that it said has been heard.
    this.#child.once('close', () => this.#end(new Error('the shell that starts git ended')));
    this.#pipes[1]?.on('data', (chunk) => this.#hear(String(chunk)));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** After a failure it is of no use any more. */
  async make(gitDir: string, commits: string, shared: boolean): Promise<void> {
    if (gitDir.includes('\n')) throw new Error('a path of two lines');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#asked = { resolve, reject };
    this.#hold(true);
    this.#pipes[0]?.write(`${gitDir}\n${shared ? '--shared=group' : ''}\n${commits}`);
    await promise;
    this.#hold(false);
  }

  #hear(words: string): void {
    this.#said += words;
    const status = lastLine.exec(this.#said)?.[1];
    if (status === '0') {
      this.#said = '';
      this.#asked?.resolve();
      this.#asked = null;
    } else if (status !== undefined) {
      this.#end(new Error(`git: ${this.#said.slice(0, 2000)}`));
    }
  }

  #end(error: Error): void {
    this.#ended = true;
    this.#asked?.reject(error);
    this.#asked = null;
  }

  /** A shell with nothing to do keeps no process alive. */
  #hold(held: boolean): void {
    for (const each of [this.#child, ...this.#pipes])
      if (held) each.ref();
      else each.unref();
  }
}
