/**
 * Vault's HTTP API as far as it is asked here, written from its documentation (KV secrets engine version 2, AppRole): there
 * is no Vault or OpenBao that the tests could install. It refuses what the real one refuses.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface VaultServer extends AsyncDisposable {
  readonly address: string;
  readonly token: string;
  readonly role: { readonly id: string; readonly secret: string };
  /** `mount/path` → fields. */
  readonly entries: Map<string, Readonly<Record<string, unknown>>>;
  /** So many requests came. */
  readonly asked: number;
}

export async function startVault(namespace?: string): Promise<VaultServer> {
  const token = 'hvs.root-token-of-this-test';
  const role = { id: 'role-of-this-test', secret: 'secret-id-of-this-test' };
  const loggedIn = 'hvs.token-of-the-role';
  const entries: VaultServer['entries'] = new Map();
  let asked = 0;
  const server = createServer(async (request, response) => {
    asked += 1;
    const reply = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://vault').pathname);
    if (request.headers['x-vault-namespace'] !== namespace)
      return reply(403, { errors: ['permission denied'] });
    if (request.method === 'POST' && path === '/v1/auth/approle/login') {
      const { role_id, secret_id } = JSON.parse(Buffer.concat(chunks).toString());
      if (role_id !== role.id || secret_id !== role.secret)
        return reply(400, { errors: ['invalid role or secret ID'] });
      return reply(200, { auth: { client_token: loggedIn, lease_duration: 3600 } });
    }
    const given = request.headers['x-vault-token'];
    if (given !== token && given !== loggedIn) return reply(403, { errors: ['permission denied'] });
    const match = /^\/v1\/([^/]+)\/(data|metadata)\/(.+)$/.exec(path);
    const name = `${match?.[1]}/${match?.[3]}`;
    if (request.method === 'POST' && match?.[2] === 'data') {
      entries.set(name, JSON.parse(Buffer.concat(chunks).toString()).data);
      return reply(200, { data: { version: 1 } });
    }
    if (request.method === 'DELETE' && match?.[2] === 'metadata') {
      entries.delete(name);
      return response.writeHead(204).end();
    }
    const data = match?.[2] === 'data' ? entries.get(name) : undefined;
    if (data === undefined) return reply(404, { errors: [] });
    return reply(200, { data: { data, metadata: { version: 1 } } });
  });
  await listen(server);
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    role,
    entries,
    get asked() {
      return asked;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function listen(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}
