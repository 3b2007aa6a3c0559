/** How we prove to the portal who we are, as headers. */
import { ProvisionerError } from '../model/errors.ts';
import type { AuthKind } from './failure.ts';
import { type ClientCredentials, TokenSource, type TokenSourceOptions } from './token-source.ts';

/**
 * `none`: the portal runs without OIDC. `api-key`: its `PORTAL_API_KEY`, sent as `x-key`. `client-credentials`: a
 * bearer token from the identity provider that the portal trusts.
 */
export type PortalAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'api-key'; readonly key: string }
  | ({ readonly kind: 'client-credentials' } & ClientCredentials);

/** The headers that prove who we are: secret. */
export type AuthHeaders = Readonly<Record<string, string>>;

/** One way of proving who we are. */
export interface Credentials {
  readonly kind: AuthKind;
  /** Throws what `TokenSource.current` throws. */
  headers(): Promise<AuthHeaders>;
  /** Other headers, when the given ones seem to be refused because they are too old; null when there are none. */
  insteadOf(refused: AuthHeaders): Promise<AuthHeaders | null>;
}

/**
 * Credentials of the configured kind. Registers the secrets in `auth` for redaction.
 *
 * @throws ProvisionerError `CONFIG_INVALID` when the key does not fit into a header, or the token URL holds a password:
 * found here, because the errors of `fetch` would repeat them.
 */
export function createCredentials(auth: PortalAuth, tokens: Omit<TokenSourceOptions, 'client'>): Credentials {
  if (auth.kind === 'none') return unchanging('none', {});
  if (auth.kind === 'api-key') {
    tokens.registerSecret(auth.key);
    if (!/^[\x21-\x7e]+$/.test(auth.key)) {
      throw new ProvisionerError(
        'CONFIG_INVALID',
        'The API key of the portal must be printable ASCII without spaces.',
      );
    }
    return unchanging('api-key', { 'x-key': auth.key });
  }
  tokens.registerSecret(auth.clientSecret);
  const tokenUrl = URL.parse(auth.tokenUrl);
  if (tokenUrl === null || tokenUrl.username !== '' || tokenUrl.password !== '') {
    throw new ProvisionerError(
      'CONFIG_INVALID',
      'The token URL must be a URL without user name and password.',
    );
  }
  return bearer(new TokenSource({ ...tokens, client: auth }));
}

function unchanging(kind: AuthKind, headers: AuthHeaders): Credentials {
  return { kind, headers: async () => headers, insteadOf: async () => null };
}

const scheme = 'Bearer ';

function bearer(tokens: TokenSource): Credentials {
  return {
    kind: 'client-credentials',
    headers: async () => ({ authorization: scheme + (await tokens.current()) }),
    insteadOf: async (refused) => {
      const token = await tokens.insteadOf((refused.authorization ?? '').slice(scheme.length));
      return token === null ? null : { authorization: scheme + token };
    },
  };
}
