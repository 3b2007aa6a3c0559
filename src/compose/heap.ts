/** How much garbage the process keeps. */
import { setFlagsFromString } from 'node:v8';
import { isServer } from '../db/connection.ts';

/**
 * Where a server holds the database, most of what this process has is garbage not collected yet: it is then collected
 * when the heap has grown by a tenth, not by a third. Beside the embedded database that would cost speed (decision 0019).
 * To be called after the compile cache is written, which is valid for the flags it was made with (V8: `FlagList::Hash`).
 */
export function collectSooner(databaseUrl: string): void {
  if (isServer(databaseUrl)) setFlagsFromString('--heap-growing-percent=10');
}
