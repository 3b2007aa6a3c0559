/**
 * All books as text, to move them from one database to another: a first line about the text, then a line per row, its
 * table and the row as JSON. Rows are written and read by the database itself, so that no number or instant is rounded.
 */
import { type Kysely, sql as raw, type Transaction } from 'kysely';
import { z } from 'zod';
import { ProvisionerError } from '../model/errors.ts';
import { forgetFingerprints } from './products.ts';
import type { Tables } from './tables.ts';

/** Tables that say nothing about the estate: who holds which lease. */
const leftOut = ['lease'];
const schema = 'provisioner';
const page = 500;

const Head = z.object({
  format: z.literal('provisioner-books'),
  /** The newest migration: the text fits tables of just that form. */
  tables: z.string(),
});

/**
 * Writes everything as it was at one moment.
 *
 * @param write gets whole lines
 * @returns how many rows
 */
export function exportBooks(db: Kysely<Tables>, write: (lines: string) => Promise<void>): Promise<number> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      await write(`${JSON.stringify({ format: 'provisioner-books', tables: await newestMigration(trx) })}\n`);
      let rows = 0;
      for (const table of await tablesOf(trx)) {
        await raw`declare books no scroll cursor for select to_jsonb(t)::text as line from ${raw.table(`${schema}.${table}`)} t`.execute(
          trx,
        );
        for (;;) {
          const found = await raw<{ line: string }>`fetch ${raw.lit(page)} from books`.execute(trx);
          if (found.rows.length === 0) break;
          rows += found.rows.length;
          await write(found.rows.map(({ line }) => `${table}\t${line}\n`).join(''));
        }
        await raw`close books`.execute(trx);
      }
      return rows;
    });
}

/**
 * Reads what `exportBooks` wrote into empty tables, as a whole or not at all. Jobs that waited are not in it, so every
 * product counts as not looked at.
 *
 * @returns how many rows
 * @throws ProvisionerError `CONFIG_INVALID`: not such a text, of another version, or the tables are not empty
 */
export function importBooks(db: Kysely<Tables>, lines: AsyncIterable<string>): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const tables = await tablesOf(trx);
    await refuseUnlessEmpty(trx, tables);
    let [number, rows] = [0, 0];
    let batch = { table: '', lines: [] as string[] };
    for await (const line of lines) {
      number += 1;
      if (number === 1) {
        await refuseUnlessFitting(trx, line);
        continue;
      }
      const at = line.indexOf('\t');
      const table = line.slice(0, at);
      if (!tables.includes(table)) throw refused(`line ${number} names no table of ours`);
      if (batch.table !== table || batch.lines.length >= page) {
        await insert(trx, batch.table, batch.lines);
        batch = { table, lines: [] };
      }
      batch.lines.push(line.slice(at + 1));
      rows += 1;
    }
    if (number === 0) throw refused('the file is empty');
    await insert(trx, batch.table, batch.lines);
    await forgetFingerprints(trx);
    return rows;
  });
}

async function insert(trx: Transaction<Tables>, table: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const target = raw.table(`${schema}.${table}`);
  const rows = `[${lines.join(',')}]`;
  await raw`insert into ${target} select * from jsonb_populate_recordset(null::${target}, ${rows}::jsonb)`.execute(
    trx,
  );
}

async function tablesOf(trx: Transaction<Tables>): Promise<readonly string[]> {
  const { rows } = await raw<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = ${schema} and table_type = 'BASE TABLE' order by table_name`.execute(trx);
  return rows
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('kysely_') && !leftOut.includes(name));
}

async function newestMigration(trx: Transaction<Tables>): Promise<string> {
  const { rows } = await raw<{ name: string }>`
    select name from ${raw.table(`${schema}.kysely_migration`)} order by name desc limit 1`.execute(trx);
  return rows[0]?.name ?? 'none';
}

async function refuseUnlessEmpty(trx: Transaction<Tables>, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const { rows } = await raw`select 1 from ${raw.table(`${schema}.${table}`)} limit 1`.execute(trx);
    if (rows.length > 0) throw refused(`the database has books already (${table}); import into an empty one`);
  }
}

async function refuseUnlessFitting(trx: Transaction<Tables>, line: string): Promise<void> {
  const head = Head.safeParse(parsed(line));
  if (!head.success) throw refused('this is not what "provisioner database export" wrote');
  const ours = await newestMigration(trx);
  if (head.data.tables !== ours)
    throw refused(`it was written by another version (tables ${head.data.tables}, here ${ours})`);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function refused(why: string): ProvisionerError {
  return new ProvisionerError('CONFIG_INVALID', `The books can not be imported: ${why}.`);
}
