/** Who may call: the portal with `OIDC_ENABLED=true` and a `PORTAL_API_KEY`, or one that asks nobody. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.ts';

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * @param apiKey undefined = OIDC is off: every credential is ignored.
 * @throws Problem 403 without the right `x-key`; 500 for a bearer token, since none can be verified here and that is
 * how the real portal answers a token that it can not verify.
 */
export function authenticate(apiKey: string | undefined, headers: IncomingHttpHeaders): void {
  if (apiKey === undefined) return;
  const key = headers['x-key'];
  if (typeof key === 'string' && same(key, apiKey)) return;
  if (headers.authorization?.startsWith('Bearer ')) throw new Error('the token can not be verified');
  throw new Problem(403, 'Unauthenticated');
}
