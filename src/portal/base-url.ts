/** From what an operator writes to where the portal's v2 API begins. */
import { ProvisionerError } from '../model/errors.ts';

/**
 * The root of the portal's v2 API, without a slash at its end. All of `http://portal:8080`, `http://portal:8080/`,
 * `http://portal:8080/api` and `http://portal:8080/api/v2` mean `http://portal:8080/api/v2`; a path in front, as a
 * gateway may ask for, is kept (`https://host/portal` → `https://host/portal/api/v2`).
 *
 * @throws ProvisionerError `CONFIG_INVALID` when it is not such a URL. The message does not repeat the value: a user name and password may be in it.
 */
export function apiRoot(given: string): string {
  const url = URL.parse(given);
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid('must be an http:// or https:// URL');
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      'must not hold a user name or password: use the settings for API key or client credentials',
    );
  }
  if (url.search !== '' || url.hash !== '') throw invalid('must not have a query or fragment');
  const prefix = url.pathname.replace(/\/+$/, '').replace(/\/api(\/v2)?$/, '');
  return `${url.origin}${prefix}/api/v2`;
}

function invalid(problem: string): ProvisionerError {
  return new ProvisionerError('CONFIG_INVALID', `The address of the portal ${problem}.`);
}
