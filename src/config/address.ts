/** Which addresses may be talked to without TLS. */
import { BlockList, isIP } from 'node:net';

/**
 * Loopback and private networks (RFC 1918, RFC 4193, RFC 4291). Link-local ones are not among them: what answers there, in a
 * cloud, is its metadata service.
 */
const local = new BlockList();
local.addSubnet('127.0.0.0', 8);
local.addSubnet('10.0.0.0', 8);
local.addSubnet('172.16.0.0', 12);
local.addSubnet('192.168.0.0', 16);
local.addAddress('::1', 'ipv6');
local.addSubnet('fc00::', 7, 'ipv6');

/**
 * Names that only a local resolver knows: of containers, of a cluster, of a private zone (RFC 6762, RFC 9476 and usage). One
 * label of two letters may be a country, some of which have addresses (`ai`); other top-level domains must not (ICANN, 2013).
 */
const localZone =
  /^(?![a-z]{2}$)[^.]+$|\.(local|localhost|internal|svc|test|home\.arpa|svc\.cluster\.local)$/i;

/** `https`, or `http` to a host of the local network: one label, a local zone, or a private address. */
export function isSafeAddress(address: string): boolean {
  const url = URL.parse(address);
  if (url === null) return false;
  if (url.protocol === 'https:') return true;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const version = isIP(host);
  if (version === 0) return localZone.test(host);
  return local.check(host, version === 6 ? 'ipv6' : 'ipv4');
}
