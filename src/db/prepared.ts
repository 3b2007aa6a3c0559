/** Statements that come again and again are parsed and planned once for each connection. */
import { createHash } from 'node:crypto';
import pg from 'pg';

/** Some come in any number of lengths: those that do not fit any more are parsed each time, and fill no memory. */
const mostStatements = 200;
/** One for so many rows seldom comes twice in the same length. */
const longestStatement = 4096;
/** Without values it is worth it where there is much to plan; several in one text can not have a name. */
const isPlanned = /^\s*(?:with|select)\b[^;]*$/i;
/**
 * What `*` stands for changes with the next version's migration, which may come while this one works: the server then
 * refuses what it has by name (SQLSTATE 0A000). Kysely writes in small letters.
 */
const allColumns = /(?:select |returning |\.)\*/;

const names = new Map<string, string>();

/** A connection that asks by name for what it was asked before. */
export class PreparingClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: one body for the eight ways to call it
  override query(text: any, values?: any, callback?: any): any {
    const name =
      typeof text === 'string' && (values?.length > 0 || isPlanned.test(text)) ? nameOf(text) : undefined;
    return name === undefined
      ? super.query(text, values, callback)
      : super.query({ name, text, values }, callback);
  }
}

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= mostStatements || text.length > longestStatement) return known;
  if (allColumns.test(text)) return undefined;
  const name = createHash('sha256').update(text).digest('base64url');
  names.set(text, name);
  return name;
}
