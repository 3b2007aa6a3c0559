/** Standard output, for people and for programs. */

export function print(text: string): void {
  process.stdout.write(text);
}

/** How far long work is, on one line of a terminal's standard error; empty wipes it. Not a word elsewhere. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r\u001b[K${text}`);
}

/** Says every second for how long work goes on of which nobody knows how much is left. */
export async function showingTime<T>(what: string, work: Promise<T>): Promise<T> {
  const began = Date.now();
  const show = () => showProgress(`${what}, ${Math.round((Date.now() - began) / 1000)} s`);
  show();
  const timer = setInterval(show, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    showProgress('');
  }
}

export function printJson(value: unknown): void {
  print(`${JSON.stringify(value, null, 2)}\n`);
}
