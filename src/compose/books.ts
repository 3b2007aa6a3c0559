/** The database's affairs as commands have them: tables brought up to date, books moved. */
import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { secretsOf } from '../config/env.ts';
import type { Environment } from '../config/schema.ts';
import { exportBooks, importBooks } from '../db/books.ts';
import { type Database, isServer, openDatabase } from '../db/connection.ts';
import { embeddedFiles } from '../db/embedded.ts';
import { ProvisionerError } from '../model/errors.ts';
import { openQueue } from '../queue/queue.ts';
import { Redactor } from '../telemetry/redact.ts';
import { createDaemonLogger } from './logger.ts';

/**
 * Brings all tables up to date, ours and the queue's. Replicas that start meanwhile wait for it.
 *
 * @throws ProvisionerError `DATABASE_UNAVAILABLE`
 */
export async function migrateTables(env: Environment): Promise<void> {
  const redactor = new Redactor();
  for (const secret of secretsOf(env)) redactor.register(secret);
  const log = createDaemonLogger(env, redactor, undefined, () => undefined);
  await withDatabase(env.PROV_DATABASE_URL, async (database) => {
    const queue = await openQueue(database, log);
    await queue[Symbol.asyncDispose]();
  });
}

const rowsPerWord = 1000;

/** Told how many rows are done. */
type OnRows = (rows: number) => void;

/** Writes all books to a file that only its owner can read: whole, or not at all. @returns how many rows */
export function writeBooks(url: string, path: string, onRows: OnRows): Promise<number> {
  return withDatabase(url, async ({ sql }) => {
    const temporary = `${path}.unfinished`;
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', 0o600);
    const rows = await fill(file, onRows, (write) => exportBooks(sql, write));
    await rename(temporary, path);
    return rows;
  });
}

async function fill(
  file: FileHandle,
  onRows: OnRows,
  work: (write: (text: string) => Promise<void>) => Promise<number>,
): Promise<number> {
  try {
    let written = 0;
    const rows = await work(async (text) => {
      await file.write(text);
      written += text.split('\n').length - 1;
      onRows(written);
    });
    await file.sync();
    return rows;
  } finally {
    await file.close();
  }
}

/** Reads such a file into an empty database. @returns how many rows */
export function readBooks(url: string, path: string, onRows: OnRows): Promise<number> {
  if (!existsSync(path)) throw new ProvisionerError('CONFIG_INVALID', `There is no file ${path}.`);
  return withDatabase(url, ({ sql }) => importBooks(sql, linesOf(path, onRows)));
}

/** Opened when the first line is asked for: what is read before that would be lost. */
async function* linesOf(path: string, onRows: OnRows): AsyncGenerator<string> {
  let lines = 0;
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    yield line;
    lines += 1;
    if (lines % rowsPerWord === 0) onRows(lines);
  }
}

async function withDatabase<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  if (!isServer(url) && existsSync(embeddedFiles(url).lock)) throw inUse(url);
  const database = await openDatabase(url);
  return work(database).finally(() => database[Symbol.asyncDispose]());
}

/** Two processes on one folder destroy what is in it. */
function inUse(folder: string): ProvisionerError {
  const message = `${folder} is marked as open. Stop the daemon that uses it; if it was killed, start and stop it once.`;
  return new ProvisionerError('DATABASE_UNAVAILABLE', message);
}
