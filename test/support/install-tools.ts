/** Installs what the servers of the tests need, once, before any test file asks for it. */
import { installMinistack } from '../../demo/store/ministack.ts';
import { cacheFolder } from './cache-folder.ts';

export async function setup(): Promise<void> {
  await installMinistack(cacheFolder, (line) => process.stderr.write(`${line}\n`));
}
