/** RustFS, where `RUSTFS_BIN` names its program: it takes over an hour to build. */

import { randomBytes } from 'node:crypto';
import { freePort } from '../../../demo/store/free-port.ts';
import { dataFolder, type StoreServer, startProgram } from './server.ts';

export const rustfsProgram = process.env.RUSTFS_BIN;

export async function startRustfs(): Promise<StoreServer> {
  if (rustfsProgram === undefined) throw new Error('RUSTFS_BIN names no program.');
  await using started = new AsyncDisposableStack();
  const data = await dataFolder(started);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const accessKey = 'rustfs-admin';
  const secretKey = randomBytes(20).toString('hex');
  const server = await startProgram(
    rustfsProgram,
    ['server', '--address', `127.0.0.1:${port}`, data],
    { RUSTFS_ACCESS_KEY: accessKey, RUSTFS_SECRET_KEY: secretKey },
    () => fetch(`${endpoint}/health/ready`).then((answer) => answer.ok),
  );
  started.use(server);
  const parts = started.move();
  return {
    name: 'RustFS',
    endpoint,
    accessKey,
    secretKey,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
