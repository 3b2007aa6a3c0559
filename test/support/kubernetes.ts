/**
 * The calls about Secrets of Kubernetes' REST API, written from its documentation: there is no API server that the tests
 * could install. A server-side apply makes or replaces, asks for its content type and a field manager, and data is base64.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KubernetesServer extends AsyncDisposable {
  readonly api: string;
  readonly token: string;
  /** `namespace/name` → data, base64. */
  readonly secrets: Map<string, Readonly<Record<string, string>>>;
}

export async function startKubernetes(): Promise<KubernetesServer> {
  const token = 'token-of-the-service-account';
  const secrets: KubernetesServer['secrets'] = new Map();
  const server = createServer(async (request, response) => {
    const reply = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const refuse = (code: number, message: string) =>
      reply(code, { kind: 'Status', status: 'Failure', message, code });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.headers.authorization !== `Bearer ${token}`) return refuse(401, 'Unauthorized');
    const url = new URL(request.url ?? '', 'http://kubernetes');
    const match = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/([a-z0-9]([a-z0-9.-]*[a-z0-9])?)$/.exec(
      url.pathname,
    );
    if (match === null) return refuse(404, 'the server could not find the requested resource');
    const name = `${match[1]}/${match[2]}`;
    if (request.method === 'PATCH') {
      if (request.headers['content-type'] !== 'application/apply-patch+yaml')
        return refuse(415, 'unsupported media type');
      if (!url.searchParams.has('fieldManager'))
        return refuse(422, 'fieldManager is required for apply patch');
      secrets.set(name, JSON.parse(Buffer.concat(chunks).toString()).data);
      return reply(200, { kind: 'Secret', data: secrets.get(name) });
    }
    const data = secrets.get(name);
    if (data === undefined) return refuse(404, `secrets "${match[2]}" not found`);
    if (request.method === 'DELETE') secrets.delete(name);
    return reply(
      200,
      request.method === 'DELETE' ? { kind: 'Status', status: 'Success' } : { kind: 'Secret', data },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    secrets,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
