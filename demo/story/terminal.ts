/** What the demo prints: steps with a tick and their time, quoted output, colour only on a terminal. */
import { interrupted } from './interruption.ts';

const terminal = process.stdout.isTTY === true && process.env.TERM !== 'dumb';
const colourful = terminal && (process.env.NO_COLOR ?? '') === '';
const paint = (code: number) => (text: string) => (colourful ? `\u001b[${code}m${text}\u001b[0m` : text);
const green = paint(32);
const red = paint(31);
const dim = paint(2);
const bold = paint(1);
/** Room for a step's words: a line is two blanks, mark, blank, words, blank, time. It must fit, or drawing it anew leaves half of it. */
const widestWords = 66;
const timeWidth = 8;
const wordsWidth = () => Math.min(widestWords, (process.stdout.columns ?? 80) - timeWidth - 6);
/** A step that takes longer says that it runs: in a log once, on a terminal each second. */
const longMs = 2000;

export function title(text: string): void {
  process.stdout.write(`\n${bold(text)}\n`);
}

export function say(text: string): void {
  process.stdout.write(`  ${text}\n`);
}

/** Output of a tool or the text of a file, set apart. */
export function quote(text: string): void {
  for (const line of text.trimEnd().split('\n')) process.stdout.write(`    ${dim('│')} ${line}\n`);
}

/**
 * Runs one step and prints whether it held and how long it took.
 *
 * @throws what `run` throws, or `Interrupted` before or after it
 */
export async function step<T>(what: string, run: () => Promise<T>): Promise<T> {
  interrupted.throwIfAborted();
  const started = performance.now();
  const running = showRunning(what, started);
  const end = (mark: string) => {
    running[Symbol.dispose]();
    const time = duration(performance.now() - started).padStart(timeWidth);
    process.stdout.write(`  ${mark} ${what.padEnd(wordsWidth())} ${dim(time)}\n`);
  };
  try {
    const result = await run();
    end(green('✓'));
    interrupted.throwIfAborted();
    return result;
  } catch (error) {
    if (interrupted.aborted) running[Symbol.dispose]();
    else end(red('✗'));
    throw error;
  }
}

/** Shows that a step runs; its end clears the line, so that the tick takes its place. */
function showRunning(what: string, started: number): Disposable {
  if (!terminal) {
    const once = setTimeout(() => say(`… ${what}`), longMs);
    return { [Symbol.dispose]: () => clearTimeout(once) };
  }
  const draw = () => {
    const passed = performance.now() - started;
    const time = passed < longMs ? '' : duration(Math.floor(passed / 1000) * 1000).padStart(timeWidth);
    const words = what.slice(0, Math.max(0, wordsWidth())).padEnd(wordsWidth());
    process.stdout.write(`\r\u001b[K  … ${words} ${dim(time)}`);
  };
  draw();
  const timer = setInterval(draw, 1000);
  const stop = () => {
    clearInterval(timer);
    process.stdout.write('\r\u001b[K');
  };
  return { [Symbol.dispose]: stop };
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}
