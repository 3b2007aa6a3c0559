/** Rows for people: aligned, with a heading, coloured only where a person looks. */
import { styleText } from 'node:util';

/** @param rows each as long as the headings */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const head = styleText('bold', line(headings), { stream: process.stdout });
  return [head, ...rows.map(line), ''].join('\n');
}
