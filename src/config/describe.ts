/** Prints the settings as the Markdown tables that README and docs show; a test holds the pages against it. */
import type { z } from 'zod';
import { Environment } from './schema.ts';
import { SettingMeta } from './settings/forms.ts';

interface Row {
  readonly variable: string;
  readonly group: string;
  readonly fallback: string;
  readonly about: string;
}

/** One Markdown table per group of settings, with the group's name as a heading of level 3. */
export function describeSettings(): string {
  const rows = Object.entries(Environment.shape).map(([variable, schema]) => describe(variable, schema));
  const groups = [...new Set(rows.map((row) => row.group))];
  return groups
    .map((group) => {
      const lines = rows
        .filter((row) => row.group === group)
        .map((row) => `| \`${row.variable}\` | ${row.fallback} | ${row.about} |`);
      return [`### ${group}`, '', '| variable | default | meaning |', '|---|---|---|', ...lines].join('\n');
    })
    .join('\n\n');
}

function describe(variable: string, schema: z.ZodType): Row {
  const { group, about } = SettingMeta.parse(schema.meta());
  return { variable, group, fallback: fallbackOf(schema), about };
}

/** What counts when the variable is not set; lengths of time in the unit people write. */
function fallbackOf(schema: z.ZodType): string {
  if (!schema.safeParse(undefined).success) return '**required**';
  const value = schema.parse(undefined);
  if (value === undefined) return '';
  return `\`${typeof value === 'number' && isDuration(schema) ? asDuration(value) : String(value)}\``;
}

function isDuration(schema: z.ZodType): boolean {
  // Some have bounds; no number is written so.
  return ['1m', '1h', '1d'].some((text) => schema.safeParse(text).success);
}

function asDuration(milliseconds: number): string {
  if (milliseconds % 86_400_000 === 0) return `${milliseconds / 86_400_000}d`;
  if (milliseconds % 3_600_000 === 0) return `${milliseconds / 3_600_000}h`;
  if (milliseconds % 60_000 === 0) return `${milliseconds / 60_000}m`;
  return `${milliseconds / 1000}s`;
}
