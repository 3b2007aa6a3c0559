/** An embedded database without tables, for tests to begin with. */
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connectDatabase } from '../../src/db/connection.ts';
import { cacheFolder } from './cache-folder.ts';

const manifest = readFileSync('node_modules/@electric-sql/pglite/package.json', 'utf8');
const { version } = JSON.parse(manifest) as { version: string };

const preparedDatabase = join(cacheFolder, `pglite-${version}`);

/** An embedded database as its first start leaves it: to make one takes two seconds of a processor, to copy it none. */
export async function copyDatabase(folder: string): Promise<string> {
  await cp(preparedDatabase, folder, { recursive: true });
  return folder;
}

/** Makes it, once for each version of the engine. */
export async function prepareDatabase(): Promise<void> {
  if (existsSync(preparedDatabase)) return;
  const folder = await mkdtemp(`${preparedDatabase}-`);
  try {
    await using _ = await connectDatabase(join(folder, 'made'));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  await rename(join(folder, 'made'), preparedDatabase);
  await rm(folder, { recursive: true });
}
