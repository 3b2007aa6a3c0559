/** Helpers of templates: most of them put people's free text into a file so that the file still parses. */

/** A JSON string is a valid double-quoted YAML scalar; line separators that YAML would fold are escaped too. */
export function yaml(value: unknown): string {
  return JSON.stringify(String(value ?? '')).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escapeUnit);
}

/** A Python string literal. JSON's escapes are Python's, and everything outside ASCII is written as an escape. */
export function py(value: unknown): string {
  return JSON.stringify(String(value ?? '')).replace(/[\u007f-\uffff]/g, escapeUnit);
}

/** A TOML basic string. JSON's escapes are TOML's; half a surrogate pair is no character there. */
export function toml(value: unknown): string {
  return yaml(String(value ?? '').toWellFormed());
}

/** An R string literal. JSON's escapes are R's, but R has no NUL in a string. */
export function r(value: unknown): string {
  return yaml(
    String(value ?? '')
      .toWellFormed()
      .replaceAll('\0', ''),
  );
}

/** A quoted SQL identifier: any text is a name in double quotes (SQL standard), but NUL. */
export function sqlname(value: unknown): string {
  return `"${String(value ?? '')
    .replaceAll('\0', '')
    .replaceAll('"', '""')}"`;
}

/** A SQL string literal, for engines that know no backslash escapes in it (DuckDB, Trino, PostgreSQL). */
export function sqltext(value: unknown): string {
  return `'${String(value ?? '')
    .replaceAll('\0', '')
    .replaceAll("'", "''")}'`;
}

/** Text for tools that read Jinja wherever they find it, such as dbt's descriptions: braces that would open it stand apart. */
export function nojinja(value: unknown): string {
  return String(value ?? '').replace(/\{(?=[{%#])/g, '{ ');
}

/** One line of plain text for Markdown and comments: no line breaks, no control characters, no markup. */
export function line(value: unknown): string {
  return String(value ?? '')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .replace(/[\\`*_{}[\]<>#|!~$&]/g, (character) => markdownEscapes.get(character) ?? `\\${character}`);
}

/**
 * Letters, digits, blanks and `. , _ -`: what means nothing to any language, inside quotes and in comments. For places
 * that no other helper fits.
 */
export function plain(value: unknown): string {
  return String(value ?? '')
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}.,_-]+/gu, ' ')
    .replace(/-{2,}/g, '-')
    .replace(/^[^\p{L}\p{N}]+| +$/gu, '');
}

/** A mail address, or nothing when the text is none. */
export function mail(value: unknown): string {
  const text = String(value ?? '').trim();
  return /^[\w.+-]+@[\w-]+(\.[\w-]+)+$/.test(text) ? text : '';
}

/** A single-quoted shell word. */
export function sh(value: unknown): string {
  return `'${String(value ?? '')
    .replace(/[\r\n\0]+/g, ' ')
    .replaceAll("'", `'\\''`)}'`;
}

/** A column's type for a table of Trino's Hive connector over Parquet files; nothing where that has none. */
export function hivetype(value: unknown): string {
  const type = String(value ?? '');
  if (type === 'timestamp with time zone') return 'timestamp';
  return ['time', 'uuid', 'json'].includes(type) ? '' : type;
}

/** A column's type in the words of the Open Data Contract Standard; nothing where it has none. */
export function odcstype(value: unknown): string {
  const type = String(value ?? '');
  const found = odcsTypes.find(([form]) => form.test(type));
  return found?.[1] ?? '';
}

/** Whether two values are the same, for `{{#if (is parameters.ci 'github')}}`. */
export function is(left: unknown, right: unknown): boolean {
  return left === right;
}

/** Its arguments as one text. */
export function join(...parts: readonly unknown[]): string {
  // Handlebars adds its options as the last argument.
  return parts.slice(0, -1).map(String).join('');
}

const odcsTypes: readonly (readonly [form: RegExp, type: string])[] = [
  [/^(varchar|uuid|json)$/, 'string'],
  [/^(tinyint|smallint|integer|bigint)$/, 'integer'],
  [/^(real|double|decimal.*)$/, 'number'],
  [/^boolean$/, 'boolean'],
  [/^date$/, 'date'],
  [/^time$/, 'time'],
  [/^timestamp/, 'timestamp'],
];

const markdownEscapes = new Map([
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['&', '&amp;'],
]);

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
