/** Git's own smart HTTP server (`git http-backend`) behind a login. */
import { execFileSync, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface GitServer extends AsyncDisposable {
  readonly url: string;
  /** Headers of each request, as they came. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[];
}

/** Serves the bare repositories below `root` to who brings `authorization`. @param onPush told before each push */
export async function startGitServer(
  root: string,
  authorization: string,
  onPush: (path: string) => void = () => undefined,
): Promise<GitServer> {
  const requests: GitServer['requests'] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', authorization: request.headers.authorization });
    if (request.headers.authorization === authorization) {
      const [, path, service] = /^([^?]+)\/info\/refs\?service=(.+)$/.exec(request.url ?? '') ?? [];
      if (path !== undefined && service === 'git-receive-pack') onPush(path);
      return answer(root, request, response);
    }
    // The words of a server that repeats what it was sent.
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' });
    response.end(`who is ${request.headers.authorization}?`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** By the common gateway interface: variables, then the body; headers come first in what it prints. */
function answer(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const backend = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  const child = spawn(backend, {
    env: {
      PATH: process.env.PATH ?? '',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REMOTE_USER: 'somebody',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  request.pipe(child.stdin);
  const out: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.once('close', () => {
    const all = Buffer.concat(out);
    const end = all.indexOf('\r\n\r\n');
    for (const header of all.subarray(0, end).toString('latin1').split('\r\n')) {
      const [name = '', value = ''] = header.split(': ');
      if (name === 'Status') response.statusCode = Number(value.slice(0, 3));
      else response.setHeader(name, value);
    }
    response.end(all.subarray(end + 4));
  });
}
