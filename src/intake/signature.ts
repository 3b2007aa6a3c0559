/** Proofs that a webhook comes from the portal: its own v1 signature, Standard Webhooks headers, or a shared token. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson, type JsonFault } from './python-json.ts';

/**
 * Why a proof does not count. `no-secret`: none is configured; `missing`: the proof is not there; `malformed`: it can
 * not be one; `expired`: its time is too far from ours; `mismatch`: made with another secret or for another body.
 * A fixed word, so that it may stand in logs and metrics.
 */
export type ProofFault = 'no-secret' | 'missing' | 'malformed' | 'expired' | 'mismatch';

/** The outcome of a check; a body that is not JSON has the fault of the JSON. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: ProofFault | JsonFault };

/** Headers of a Standard Webhooks delivery: `webhook-id`, `webhook-timestamp`, `webhook-signature`. */
export interface StandardWebhookHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

/** How far the sender's clock may be from ours, either way (Standard Webhooks' own libraries: 5 minutes). */
export const toleranceMs = 5 * 60 * 1000;

/**
 * Checks the portal's v1 `Sign` header: hex HMAC-SHA512 over the body as Python re-serialises it (not over the wire
 * bytes, which never match). Only lower-case hex counts, as the portal sends it. Any of the secrets may have been used.
 */
export function verifyV1(
  rawBody: Uint8Array,
  signHeader: string | undefined,
  secrets: readonly string[],
): Verdict {
  const usable = secrets.filter((secret) => secret !== '');
  if (usable.length === 0) return refuse('no-secret');
  if (signHeader === undefined || signHeader === '') return refuse('missing');
  if (!/^[0-9a-f]{128}$/.test(signHeader)) return refuse('malformed');
  const canonical = canonicalJson(rawBody);
  if (!canonical.ok) return refuse(canonical.reason);
  const signatures = usable.map((secret) =>
    createHmac('sha512', secret).update(canonical.text).digest('hex'),
  );
  return accept(signatures.some((signature) => isSameText(signature, signHeader)));
}

/**
 * Checks a Standard Webhooks delivery (standardwebhooks.com): base64 HMAC-SHA256 over `id.timestamp.body`. The header
 * may hold several signatures, separated by spaces; those of another version than `v1` are passed over.
 *
 * @param secrets `whsec_` and the key's bytes in base64, or plain text used as bytes. A `whsec_` secret whose rest is
 *   not base64 never verifies.
 * @param nowMs our clock, milliseconds since 1970
 */
export function verifyStandardWebhook(
  rawBody: Uint8Array,
  headers: StandardWebhookHeaders,
  secrets: readonly string[],
  nowMs: number,
): Verdict {
  const keys = secrets.map(standardKey).filter((key) => key.length > 0);
  if (keys.length === 0) return refuse('no-secret');
  const { id, timestamp, signature } = headers;
  if (!id || !timestamp || !signature) return refuse('missing');
  const presented = signature.split(' ').filter((entry) => /^v1,[A-Za-z0-9+/]{43}=$/.test(entry));
  if (!/^\d{1,12}$/.test(timestamp) || presented.length === 0) return refuse('malformed');
  if (Math.abs(nowMs - Number(timestamp) * 1000) > toleranceMs) return refuse('expired');
  const expected = keys.map((key) => {
    const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody);
    return `v1,${mac.digest('base64')}`;
  });
  return accept(expected.some((one) => presented.some((other) => isSameText(one, other))));
}

/** Checks a bearer token or `?token=` against the configured ones; the time taken tells neither content nor length. */
export function verifyToken(presented: string | undefined, expected: readonly string[]): Verdict {
  const usable = expected.filter((token) => token !== '');
  if (usable.length === 0) return refuse('no-secret');
  if (presented === undefined || presented === '') return refuse('missing');
  const hash = sha256(presented);
  return accept(usable.some((token) => timingSafeEqual(sha256(token), hash)));
}

function standardKey(secret: string): Buffer {
  if (!secret.startsWith('whsec_')) return Buffer.from(secret);
  const encoded = secret.slice('whsec_'.length);
  return Buffer.from(/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) ? encoded : '', 'base64');
}

/** Constant time for texts of one length; the length of a signature is no secret. */
function isSameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refuse(reason: ProofFault | JsonFault): Verdict {
  return { ok: false, reason };
}

function accept(isSame: boolean): Verdict {
  return isSame ? { ok: true } : refuse('mismatch');
}
