/** Rows for people: aligned, with a heading, coloured only where a person looks. */
import { stripVTControlCharacters, styleText } from 'node:util';
import { coloured } from './cells.ts';

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Names and messages come from outside: nothing in them may move the cursor, colour the screen or break a line. */
function printable(text: string): string {
  return stripVTControlCharacters(text).replace(unprintable, ' ');
}

/** @param rows each as long as the headings; a cell that is a known word gets its colour */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(printable));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...clean.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[], paint: (cell: string) => string) =>
    cells
      .map((cell, column) => paint(cell) + ' '.repeat((widths[column] ?? 0) - cell.length))
      .join('  ')
      .trimEnd();
  const head = styleText('bold', line(headings, String), { stream: process.stdout });
  return [head, ...clean.map((row) => line(row, coloured)), ''].join('\n');
}

/** Facts of one thing, one a line. */
export function facts(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${coloured(printable(value))}\n`).join('');
}
