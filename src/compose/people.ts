/** Settings → who may look and act: guard, login, and a word at start about how open the API is. */
import { randomBytes } from 'node:crypto';
import type { Router } from 'express';
import type { CookieOptions } from '../auth/cookies.ts';
import { createGuard, type Guard } from '../auth/guard.ts';
import { createLoginRouter } from '../auth/login-router.ts';
import { createOidcLogin, type OidcLogin } from '../auth/oidc.ts';
import { isLoopback } from '../auth/origin.ts';
import type { Environment } from '../config/schema.ts';
import type { ReconcileParts } from '../reconcile/parts.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface People {
  readonly guard: Guard;
  readonly login: Router;
  /** Browsers reach us by https. */
  readonly secure: boolean;
}

type Parts = Pick<ReconcileParts, 'database' | 'log' | 'clock'>;

export function assemblePeople(env: Environment, { database, log, clock }: Parts): People {
  const secure = env.PROV_PUBLIC_URL?.startsWith('https:') ?? false;
  const cookies: CookieOptions = {
    secret: env.PROV_SESSION_SECRET ?? randomBytes(32).toString('base64url'),
    secure,
  };
  const publicHost = URL.parse(env.PROV_PUBLIC_URL ?? '')?.host;
  const oidc = oidcOf(env);
  const guard = createGuard({
    db: database.sql,
    cookies,
    adminKey: env.PROV_ADMIN_KEY,
    oidc: oidc !== null,
    loopback: isLoopback(env.PROV_HOST),
    controlFolder: env.PROV_CONTROL_PATH,
    publicHost,
    clock,
  });
  const lifetimeMs = env.PROV_LOGIN_LIFETIME;
  const login = createLoginRouter({
    db: database.sql,
    guard,
    cookies,
    oidc,
    publicHost,
    lifetimeMs,
    log,
    clock,
  });
  return { guard, login, secure };
}

function oidcOf(env: Environment): OidcLogin | null {
  const { PROV_OIDC_ISSUER: issuer, PROV_OIDC_CLIENT_ID: clientId, PROV_PUBLIC_URL: publicUrl } = env;
  if (issuer === undefined || clientId === undefined || publicUrl === undefined) return null;
  return createOidcLogin({
    issuer,
    clientId,
    clientSecret: env.PROV_OIDC_CLIENT_SECRET,
    scope: env.PROV_OIDC_SCOPE,
    redirectUrl: new URL('/auth/callback', publicUrl).href,
    rolesClaim: env.PROV_OIDC_ROLES_CLAIM,
    roles: { viewer: env.PROV_OIDC_VIEWERS, operator: env.PROV_OIDC_OPERATORS, admin: env.PROV_OIDC_ADMINS },
    // What the settings' check let through: a host of the local network, or PROV_ALLOW_HTTP.
    allowHttp: issuer.startsWith('http:'),
  });
}

/** Says loudly that nobody is asked for a key, or that nobody can have one yet. */
export async function announceAccess(env: Environment, guard: Guard, log: Logger): Promise<void> {
  if (await guard.isOpen()) {
    log.warn(
      'the API is OPEN to everybody on this machine: make a key (provisioner keys create) or set PROV_ADMIN_KEY',
      { host: env.PROV_HOST },
    );
  }
  if (env.PROV_OIDC_ISSUER !== undefined && env.PROV_SESSION_SECRET === undefined) {
    log.warn(
      'logins end with this process and are not known to other replicas: PROV_SESSION_SECRET is not set',
    );
  }
}
