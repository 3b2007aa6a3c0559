/**
 * Three-way merge of one text: what the template changed since it was last rendered, into what a person made of it.
 * Pure. A line that a person wrote is never lost: where both changed the same place there is no result at all.
 */
import { diff3Merge } from 'node-diff3';

/**
 * Merges by whole lines, each with its own ending, so that a file keeps its last line as it is. A file that a person
 * saved with the other line ending throughout counts as changed only where its words are, and keeps its endings.
 *
 * @param base what was last rendered
 * @param live what lies in the workspace
 * @param next what is rendered now
 * @returns the merged text; `null` when both changed the same place
 */
export function mergeTexts(base: string, live: string, next: string): string | null {
  const ending = endingOf(live);
  const lines = (text: string) => linesOf(ending === null ? text : withEnding(text, ending));
  const regions = diff3Merge(lines(live), lines(base), lines(next), { excludeFalseConflicts: true });
  const merged: string[] = [];
  for (const region of regions) {
    if (region.ok === undefined) return null;
    merged.push(...region.ok);
  }
  return merged.join('');
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The one ending of all lines; `null` when there is none, or both. */
function endingOf(text: string): '\n' | '\r\n' | null {
  const all = text.split('\n').length - 1;
  const windows = text.split('\r\n').length - 1;
  if (all === 0) return null;
  if (windows === all) return '\r\n';
  return windows === 0 ? '\n' : null;
}

function withEnding(text: string, ending: '\n' | '\r\n'): string {
  return text.replace(/\r?\n/g, ending);
}
