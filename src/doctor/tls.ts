/** How we talk to others: encrypted or inside the local network, with certificates that are valid for a while. */
import { connect, type TLSSocket } from 'node:tls';
import { isSafeAddress } from '../config/address.ts';
import type { Environment } from '../config/schema.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const timeoutMs = 5000;
const dayMs = 86_400_000;
/** Days before its end at which a certificate is worth a word. */
const soonDays = 21;

const addresses = [
  'PROV_DPP_API_URL',
  'PORTAL_TOKEN_URL',
  'S3_ENDPOINT',
  'PROV_IAM_ENDPOINT',
  'PROV_STS_ENDPOINT',
  'VAULT_ADDR',
] as const;

export async function examineTls(env: Environment): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    findings.push(
      fail(
        'NODE_TLS_REJECT_UNAUTHORIZED=0 switches the check of every certificate off',
        'Take it away and add the authority with PROV_CA_FILE.',
      ),
    );
  const set = addresses.flatMap((name) => (env[name] === undefined ? [] : [{ name, address: env[name] }]));
  const plain = set.filter(({ address }) => address.startsWith('http:'));
  const open = plain.filter(({ address }) => !isSafeAddress(address));
  for (const { name } of open)
    findings.push(
      warn(
        `${name} is plain http to a host outside the local network (PROV_ALLOW_HTTP=true)`,
        'Use https://.',
      ),
    );
  if (plain.length > open.length)
    findings.push(
      ok(
        `plain http stays inside the local network: ${plain
          .filter((each) => !open.includes(each))
          .map(({ name }) => name)
          .join(', ')}`,
      ),
    );
  const encrypted = set.filter(({ address }) => address.startsWith('https:'));
  return [
    ...findings,
    ...(await Promise.all(encrypted.map(({ name, address }) => examineCertificate(name, address)))),
  ];
}

async function examineCertificate(name: string, address: string): Promise<Finding> {
  try {
    const ends = await certificateEnd(new URL(address));
    const days = Math.floor((ends.getTime() - Date.now()) / dayMs);
    if (days > soonDays) return ok(`${name}: the certificate is trusted and valid for ${days} days`);
    return warn(`${name}: the certificate ends in ${days} days`, 'Have it renewed.');
  } catch (thrown) {
    const words = thrown instanceof Error ? thrown.message : String(thrown);
    const todo =
      'If the authority is your platform’s own, give its PEM file in PROV_CA_FILE; the name in the certificate must be the one in the address.';
    return fail(`${name}: no trusted TLS connection (${words})`, todo);
  }
}

async function certificateEnd(url: URL): Promise<Date> {
  const { promise, resolve, reject } = Promise.withResolvers<Date>();
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket: TLSSocket = connect({
    host,
    port: Number(url.port || 443),
    servername: host,
    timeout: timeoutMs,
  });
  socket.once('secureConnect', () => resolve(new Date(socket.getPeerCertificate().valid_to)));
  socket.once('timeout', () => reject(new Error(`no answer within ${timeoutMs / 1000} s`)));
  socket.once('error', reject);
  return promise.finally(() => socket.destroy());
}
