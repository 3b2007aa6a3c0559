/** Installs what the servers of the tests need, once, before any test file asks for it. */
import { installMinistack } from '../../demo/store/ministack.ts';
import { cacheFolder } from './cache-folder.ts';
import { installGoTool } from './go-tool.ts';
import { prepareDatabase } from './prepared-database.ts';
import { minioTool } from './stores/minio.ts';
import { rustfsProgram } from './stores/rustfs.ts';
import { versitygwTool } from './stores/versitygw.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);
let installed: Promise<void> | null = null;

/** Each project that needs servers names this file: the first call does the work for all. */
export function setup(): Promise<void> {
  installed ??= install();
  return installed;
}

async function install(): Promise<void> {
  if (rustfsProgram === undefined) say('RUSTFS_BIN is not set: the store tests do not run on RustFS.');
  await installMinistack(cacheFolder, say);
  await prepareDatabase();
  for (const tool of [versitygwTool, minioTool]) await installGoTool(tool, say);
}
