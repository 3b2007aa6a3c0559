/** What would change in a text, for people. */
import { styleText } from 'node:util';
import { createTwoFilesPatch } from 'diff';

/** Texts that are no text are not shown; longer ones would take minutes to compare. */
const longest = 1024 * 1024;

/**
 * Unified diff, coloured when standard output is a terminal. Empty when there is nothing to tell.
 *
 * @param there the text in the workspace; `null` = no file
 */
export function textDiff(path: string, there: string | null, rendered: string): string {
  const before = there ?? '';
  if (there === rendered) return '';
  if (/[\0\ufffd]/.test(before + rendered)) return `Not text: ${path}\n`;
  if (before.length + rendered.length > longest) return `Too long to compare: ${path}\n`;
  const from = there === null ? '/dev/null' : `workspace/${path}`;
  const patch = createTwoFilesPatch(from, `template/${path}`, before, rendered, '', '', { timeout: 5000 });
  if (patch === undefined) return `Too much to compare: ${path}\n`;
  // The first line is a ruler of the library's.
  return patch.split('\n').slice(1).map(coloured).join('\n');
}

function coloured(line: string): string {
  const colour = colourOf(line);
  const shown = printable(line);
  return colour === null ? shown : styleText(colour, shown, { stream: process.stdout });
}

function colourOf(line: string): 'bold' | 'red' | 'green' | 'cyan' | null {
  if (/^(---|\+\+\+) /.test(line)) return 'bold';
  if (line.startsWith('@@')) return 'cyan';
  if (line.startsWith('-')) return 'red';
  return line.startsWith('+') ? 'green' : null;
}

/** A workspace's text could move the cursor or hide what is there. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (unit) =>
    unit === '\t' ? unit : unit === '\r' ? '␍' : `\\u{${unit.codePointAt(0)?.toString(16)}}`,
  );
}
