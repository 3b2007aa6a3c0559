/** versitygw, built from its Go module: the strictest about AWS's own limits. Its IAM API is a server of its own. */

import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../demo/store/free-port.ts';
import { type GoTool, goToolPath } from '../go-tool.ts';
import { anyAnswer, dataFolder, type StoreServer, startProgram } from './server.ts';

export const versitygwTool: GoTool = {
  package: 'github.com/versity/versitygw/cmd/versitygw',
  version: 'v1.8.0',
};

export async function startVersitygw(): Promise<StoreServer> {
  await using started = new AsyncDisposableStack();
  const folder = await dataFolder(started);
  const iam = join(folder, 'iam');
  const data = join(folder, 'data');
  await Promise.all([mkdir(iam), mkdir(data)]);
  const [iamPort, port] = await Promise.all([freePort(), freePort()]);
  const iamEndpoint = `http://127.0.0.1:${iamPort}`;
  const endpoint = `http://127.0.0.1:${port}`;
  const accessKey = 'AKIAVERSITYGWADMIN00';
  const secretKey = randomBytes(20).toString('hex');
  const program = goToolPath(versitygwTool);
  const env = { ROOT_ACCESS_KEY_ID: accessKey, ROOT_SECRET_ACCESS_KEY: secretKey };
  const socket = join(folder, 'iam.sock');
  const iamArgs = ['--port', `127.0.0.1:${iamPort}`, 'iam', '--dir', iam, '--private-ports', socket];
  started.use(await startProgram(program, iamArgs, env, () => anyAnswer(iamEndpoint)));
  const s3Args = ['--port', `127.0.0.1:${port}`, '--iam-standalone-endpoint', socket, 'posix', data];
  started.use(await startProgram(program, s3Args, env, () => anyAnswer(endpoint)));
  const parts = started.move();
  return {
    name: 'versitygw',
    endpoint,
    iamEndpoint,
    accessKey,
    secretKey,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
