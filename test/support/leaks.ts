/** Where a secret may have got to: looked for as it is, and as URLs, base64 and JSON would hold it. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CompiledQuery } from 'kysely';
import { openDatabase } from '../../src/db/connection.ts';

const run = promisify(execFile);

export class Needles {
  readonly #forms: readonly string[];

  /** @throws when a secret is too short to be told from chance */
  constructor(secrets: readonly string[]) {
    for (const secret of secrets)
      if (secret.length < 16) throw new Error('this secret is too short to look for');
    this.#forms = [
      ...new Set(
        secrets.flatMap((secret) => [
          secret,
          encodeURIComponent(secret),
          JSON.stringify(secret).slice(1, -1),
          // Without the end, which depends on what comes after it.
          Buffer.from(secret).toString('base64').slice(0, -4),
        ]),
      ),
    ];
  }

  in(text: string | Buffer): boolean {
    return this.#forms.some((form) => text.includes(form));
  }
}

/** Files below a folder that hold one, as they lie on the disk. */
export async function filesHolding(needles: Needles, folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    if (needles.in(await readFile(path))) found.push(path);
  }
  return found;
}

/**
 * Tables of every schema with a row that holds one. The files of a database do not tell: it compresses long values.
 *
 * @param url of a database that nobody else has open
 */
export async function tablesHolding(
  needles: Needles,
  url: string,
): Promise<{ readonly holding: string[]; readonly rows: number }> {
  const database = await openDatabase(url);
  const query = async (sql: string) =>
    (await database.sql.executeQuery<Record<string, unknown>>(CompiledQuery.raw(sql))).rows;
  const tables = await query(
    `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const holding: string[] = [];
  let count = 0;
  for (const { name } of tables) {
    const rows = await query(`select to_jsonb(t)::text as row from ${String(name)} t`);
    count += rows.length;
    if (rows.some(({ row }) => needles.in(String(row)))) holding.push(String(name));
  }
  await database[Symbol.asyncDispose]();
  return { holding, rows: count };
}

/**
 * Repositories below a folder that hold one in any object: in the history, in a commit that was replaced, in what was
 * only staged. Objects are compressed, so the files do not tell.
 */
export async function repositoriesHolding(needles: Needles, folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter(({ name }) => name === '.git' || name.endsWith('.git'))) {
    const repository = join(entry.parentPath, entry.name);
    if (needles.in(await everyObject(repository))) found.push(repository);
  }
  return found;
}

async function everyObject(repository: string): Promise<Buffer> {
  const git = (...args: string[]) =>
    run('git', [`--git-dir=${repository}`, ...args], { encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 });
  const [objects, history] = await Promise.all([
    git('cat-file', '--batch', '--batch-all-objects'),
    git('log', '-p', '--all', '--reflog'),
  ]);
  return Buffer.concat([objects.stdout, history.stdout]);
}
