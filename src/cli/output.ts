/** Standard output, for people and for programs. */

export function print(text: string): void {
  process.stdout.write(text);
}

/** How far long work is, on one line of a terminal's standard error; empty wipes it. Not a word elsewhere. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r\u001b[K${text}`);
}

export function printJson(value: unknown): void {
  print(`${JSON.stringify(value, null, 2)}\n`);
}
