/** A real OpenID provider (`oidc-provider`) with the people that a test gives it. Its own pages take any password. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

export interface OidcServer extends AsyncDisposable {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
}

/** @param people name → the claims that the provider tells of them */
export async function startOidcProvider(
  redirectUri: string,
  people: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Promise<OidcServer> {
  const client = { id: 'provisioner', secret: 'secret-of-the-client-of-this-test' };
  let handle: ReturnType<Provider['callback']> | undefined;
  const server = createServer((request, response) => void handle?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['roles', 'preferred_username'] },
    cookies: { keys: ['key-of-the-cookies-of-this-test'] },
    pkce: { required: () => true },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  });
  handle = provider.callback();
  return {
    issuer,
    client,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
