/** Where a browser's request comes from, as far as it tells. */
import type { Request } from 'express';

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);
const loopbackAddresses = new Set(['localhost', '127.0.0.1', '::1']);

const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** Whether an address to listen on is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return loopbackAddresses.has(host) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * The request names this machine as its host and came by no proxy: neither a foreign name that was made to lead here nor
 * what a proxy on this machine lets in counts as local.
 */
export function isLocalCall(request: Request): boolean {
  if (proxyHeaders.some((name) => request.headers[name] !== undefined)) return false;
  const name = URL.parse(`http://${request.headers.host ?? ''}`)?.hostname ?? '';
  return loopbackNames.has(name) || /^127\.\d+\.\d+\.\d+$/.test(name);
}

/**
 * No page of another origin asked for it. Programs that are no browsers name no origin.
 *
 * @param publicHost our host as browsers know it: a proxy may have given the request another
 */
export function isSameOrigin(request: Request, publicHost: string | undefined): boolean {
  const site = request.get('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const origin = request.get('origin');
  if (origin === undefined) return true;
  const host = URL.parse(origin)?.host;
  return host !== undefined && (host === request.headers.host || host === publicHost);
}
