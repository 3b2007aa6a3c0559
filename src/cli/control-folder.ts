/** Orders to a running daemon as files: the embedded database has one owner, and the API needs a key. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variables } from '../config/secret-references.ts';

/** Renames the order into place, so that it is seen whole or not at all. */
export async function placeOrder(env: Variables, file: string, text: string): Promise<void> {
  const folder = env.PROV_CONTROL_PATH ?? './.control';
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `.${file}.new`), text, { mode: 0o644 });
  await rename(join(folder, `.${file}.new`), join(folder, file));
}
