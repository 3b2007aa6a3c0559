/** Our two cookies: the login, and what a login on its way needs to be finished. Signed, HttpOnly, SameSite=Lax. */
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';
import { seal, unseal } from './digest.ts';

export interface CookieOptions {
  /** Signs them; a change ends every login. */
  readonly secret: string;
  /** Browsers reach us by https: cookies are then `Secure`, and the login's name has the prefix `__Host-`. */
  readonly secure: boolean;
}

/** `login`: who somebody is. `attempt`: a login that is on its way to the identity provider and back. */
export type CookieKind = 'login' | 'attempt';

const paths: Readonly<Record<CookieKind, string>> = { login: '/', attempt: '/auth' };

/** @param secure browsers reach us by https */
export function cookieName(kind: CookieKind, secure: boolean): string {
  return kind === 'login' && secure ? '__Host-provisioner-login' : `provisioner-${kind}`;
}

/** The text that we put there; `null`: nothing, or nothing of ours. */
export function readOurCookie(request: Request, kind: CookieKind, options: CookieOptions): string | null {
  const sealed = parseCookie(request.headers.cookie ?? '')[cookieName(kind, options.secure)];
  return sealed === undefined ? null : unseal(options.secret, kind, sealed);
}

/** @param text `null` takes the cookie away */
export function setOurCookie(
  response: Response,
  kind: CookieKind,
  text: string | null,
  maxAgeMs: number,
  options: CookieOptions,
): void {
  const cookie = stringifySetCookie({
    name: cookieName(kind, options.secure),
    value: text === null ? '' : seal(options.secret, kind, text),
    path: paths[kind],
    httpOnly: true,
    sameSite: 'lax',
    secure: options.secure,
    maxAge: text === null ? 0 : Math.floor(maxAgeMs / 1000),
  });
  response.append('set-cookie', cookie);
}
