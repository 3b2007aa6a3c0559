/** One process at a time, without locks that outlive their holder. */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';

/** https://www.sqlite.org/rescode.html#busy */
const busy = 5;
const lookAgainMs = 200;

/**
 * Runs `work` while nobody else, in this process or another on this machine, runs under the same lock. Waits for its turn.
 * The lock is SQLite's on an empty file: the system takes it back when its holder ends, by kill -9 too.
 *
 * @throws what `work` throws, or Error when the file can not be made
 */
export async function exclusively<T>(lockFile: string, work: () => Promise<T>): Promise<T> {
  const lock = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    while (!taken(lock)) await wait(lookAgainMs);
    return await work();
  } finally {
    lock.close();
  }
}

function taken(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return false;
    throw error;
  }
}
