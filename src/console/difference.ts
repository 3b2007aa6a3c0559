/** Two states of a thing, line by line: what was taken away, what was added, what stayed. Pure. */
import { diffComm } from 'node-diff3';
import type { DryRun } from '../control/commands.ts';

export interface Line {
  readonly kind: 'same' | 'gone' | 'new';
  readonly mark: string;
  readonly text: string;
}

export interface FieldChange {
  readonly field: string;
  readonly lines: readonly Line[];
}

/** Fields that differ between two records; texts of several lines are compared line by line. */
export function differences(
  before: Readonly<Record<string, unknown>> | null,
  after: Readonly<Record<string, unknown>> | null,
): readonly FieldChange[] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return fields.flatMap((field) => {
    const [was, is] = [textOf(before?.[field]), textOf(after?.[field])];
    return was === is ? [] : { field, lines: linesOf(was, is) };
  });
}

/** What was found against what was wanted. */
export function driftOf(drift: DryRun['drift']): readonly FieldChange[] {
  return drift.map(({ field, found, wanted }) => ({ field, lines: linesOf(found, wanted) }));
}

/** Lines that stayed the same and have this many of their kind around them are left out. */
const context = 3;

function linesOf(was: string | null, is: string | null): readonly Line[] {
  const split = (text: string | null) => (text === null ? [] : text.split('\n'));
  return diffComm(split(was), split(is)).flatMap((part): Line[] => {
    if ('common' in part && part.common !== undefined) return shortened(part.common);
    return [
      ...(part.buffer1 ?? []).map((text): Line => ({ kind: 'gone', mark: '−', text })),
      ...(part.buffer2 ?? []).map((text): Line => ({ kind: 'new', mark: '+', text })),
    ];
  });
}

function shortened(texts: readonly string[]): Line[] {
  const same = texts.map((text): Line => ({ kind: 'same', mark: ' ', text }));
  if (same.length <= 2 * context) return same;
  const gap: Line = { kind: 'same', mark: ' ', text: `… ${same.length - 2 * context} lines as they were` };
  return [...same.slice(0, context), gap, ...same.slice(-context)];
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
