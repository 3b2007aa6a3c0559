/** MinIO, built from its Go module. */

import { randomBytes } from 'node:crypto';
import { freePort } from '../../../demo/store/free-port.ts';
import { type GoTool, goToolPath } from '../go-tool.ts';
import { anyAnswer, dataFolder, type StoreServer, startProgram } from './server.ts';

export const minioTool: GoTool = {
  package: 'github.com/minio/minio',
  version: 'v0.0.0-20260212201848-7aac2a2c5b7c',
};

/** @param domain buckets are names below it, beside being paths */
export async function startMinio(domain?: string): Promise<StoreServer> {
  await using started = new AsyncDisposableStack();
  const data = await dataFolder(started);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const accessKey = 'minio-admin';
  const secretKey = randomBytes(20).toString('hex');
  const server = await startProgram(
    goToolPath(minioTool),
    ['server', '--quiet', '--address', `127.0.0.1:${port}`, '--console-address', '127.0.0.1:0', data],
    {
      MINIO_ROOT_USER: accessKey,
      MINIO_ROOT_PASSWORD: secretKey,
      MINIO_BROWSER: 'off',
      ...(domain === undefined ? {} : { MINIO_DOMAIN: domain }),
    },
    () => fetch(`${endpoint}/minio/health/ready`).then((answer) => answer.ok && anyAnswer(endpoint)),
  );
  started.use(server);
  const parts = started.move();
  return { name: 'MinIO', endpoint, accessKey, secretKey, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
