/** Login of people with an OpenID provider: authorization code with PKCE, state and nonce, by `openid-client`. */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { z } from 'zod';
import { type RoleName, roleNames } from '../model/role.ts';

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly scope: string;
  /** Where the provider sends browsers back to. */
  readonly redirectUrl: string;
  /** Path of the claim that holds a person's groups or roles, such as `realm_access.roles`. */
  readonly rolesClaim: string;
  /** Values of that claim that make somebody what. */
  readonly roles: Readonly<Record<RoleName, readonly string[]>>;
  /** The provider may be asked over `http`, as the settings' check of addresses allowed. */
  readonly allowHttp: boolean;
}

/** What must be remembered until the browser comes back. */
export const LoginAttempt = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
});
export type LoginAttempt = z.infer<typeof LoginAttempt>;

/** A person whom the provider knows; `role` is `null` when no claim gives one. */
export interface KnownPerson {
  readonly name: string;
  readonly role: RoleName | null;
}

export interface OidcLogin {
  /** Where to send the browser. Throws when the provider is away. */
  begin(returnTo: string): Promise<{ readonly url: URL; readonly attempt: LoginAttempt }>;
  /** @param query what the provider sent the browser back with. Throws when it proves nothing. */
  finish(query: URLSearchParams, attempt: LoginAttempt): Promise<KnownPerson>;
}

const Claims = z.looseObject({
  sub: z.string(),
  email: z.string().optional().catch(undefined),
  email_verified: z.boolean().optional().catch(undefined),
  preferred_username: z.string().optional().catch(undefined),
});
type Claims = z.infer<typeof Claims>;

export function createOidcLogin(options: OidcOptions): OidcLogin {
  let known: Promise<Configuration> | null = null;
  const configuration = () => {
    // A provider that was away is asked again with the next login.
    known ??= discover(options).catch((error: unknown) => {
      known = null;
      throw error;
    });
    return known;
  };
  return {
    begin: async (returnTo) => begin(await configuration(), options, returnTo),
    finish: async (query, attempt) => finish(await configuration(), options, query, attempt),
  };
}

function discover({ issuer, clientId, clientSecret, allowHttp }: OidcOptions): Promise<Configuration> {
  const execute = allowHttp ? { execute: [allowInsecureRequests] } : {};
  return discovery(new URL(issuer), clientId, clientSecret, undefined, { timeout: 10, ...execute });
}

async function begin(configuration: Configuration, options: OidcOptions, returnTo: string) {
  const attempt: LoginAttempt = {
    state: randomState(),
    nonce: randomNonce(),
    verifier: randomPKCECodeVerifier(),
    returnTo,
  };
  const url = buildAuthorizationUrl(configuration, {
    redirect_uri: options.redirectUrl,
    scope: options.scope,
    code_challenge: await calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: 'S256',
    state: attempt.state,
    nonce: attempt.nonce,
  });
  return { url, attempt };
}

async function finish(
  configuration: Configuration,
  options: OidcOptions,
  query: URLSearchParams,
  attempt: LoginAttempt,
): Promise<KnownPerson> {
  // Our own address, not what the request's Host header says.
  const url = new URL(options.redirectUrl);
  url.search = query.toString();
  const tokens = await authorizationCodeGrant(configuration, url, {
    pkceCodeVerifier: attempt.verifier,
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    idTokenExpected: true,
  });
  const told = Claims.parse(tokens.claims());
  const hasUserInfo = configuration.serverMetadata().userinfo_endpoint !== undefined;
  const more =
    claimAt(told, options.rolesClaim) === undefined && hasUserInfo
      ? await fetchUserInfo(configuration, tokens.access_token, told.sub)
      : {};
  const claims = Claims.parse({ ...more, ...told });
  return { name: nameOf(claims), role: roleOf(claimAt(claims, options.rolesClaim), options.roles) };
}

/** An address that the provider did not check could be anybody's: it names nobody in the audit. */
function nameOf({ sub, email, email_verified: verified, preferred_username: username }: Claims): string {
  const name = (verified === false ? undefined : email) ?? username ?? sub;
  // In the audit these mean others.
  return /^(key:|local$)/.test(name) ? `oidc:${name}` : name;
}

function claimAt(claims: Claims, path: string): unknown {
  // Some providers name claims by URLs, dots and all: the whole path is looked for first.
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split('.').reduce<unknown>((value, part) => {
    const inside = z.record(z.string(), z.unknown()).safeParse(value);
    return inside.success && Object.hasOwn(inside.data, part) ? inside.data[part] : undefined;
  }, claims);
}

/** The most that any of the values gives. */
function roleOf(claim: unknown, roles: OidcOptions['roles']): RoleName | null {
  const values = new Set(
    z
      .array(z.string())
      .or(z.string().transform((one) => [one]))
      .catch([])
      .parse(claim),
  );
  return roleNames.findLast((role) => roles[role].some((value) => values.has(value))) ?? null;
}
