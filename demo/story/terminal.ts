/** What the demo prints: steps with a tick and their time, quoted output, colour only on a terminal. */

const colourful = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const paint = (code: number) => (text: string) => (colourful ? `\u001b[${code}m${text}\u001b[0m` : text);
const green = paint(32);
const red = paint(31);
const dim = paint(2);
const bold = paint(1);
const width = 68;

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

/** Runs one step and prints whether it held and how long it took. On a terminal the line shows while it runs. */
export async function step<T>(what: string, run: () => Promise<T>): Promise<T> {
  const started = performance.now();
  if (colourful) process.stdout.write(`  … ${what}`);
  const end = (mark: string) => {
    const seconds = `${((performance.now() - started) / 1000).toFixed(2)} s`;
    process.stdout.write(
      `${colourful ? '\r\u001b[K' : ''}  ${mark} ${what.padEnd(width)} ${dim(seconds.padStart(8))}\n`,
    );
  };
  try {
    const result = await run();
    end(green('✓'));
    return result;
  } catch (error) {
    end(red('✗'));
    throw error;
  }
}
