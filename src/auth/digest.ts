/** Digests and signatures of what opens something, always compared in constant time. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** SHA-256 in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** HMAC-SHA256 in base64url; `purpose` keeps a signature for one use from counting for another. */
export function sign(secret: string, purpose: string, text: string): string {
  return createHmac('sha256', secret).update(`${purpose}\n${text}`).digest('base64url');
}

/** Whether two texts are the same, in a time that tells nothing of where they differ: their digests are compared. */
export function sameText(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** The text with its signature behind it, for a cookie. */
export function seal(secret: string, purpose: string, text: string): string {
  return `${text}.${sign(secret, purpose, text)}`;
}

/** What was sealed; `null` when the signature is not ours. */
export function unseal(secret: string, purpose: string, sealed: string): string | null {
  const dot = sealed.lastIndexOf('.');
  if (dot === -1) return null;
  const text = sealed.slice(0, dot);
  return sameText(sealed.slice(dot + 1), sign(secret, purpose, text)) ? text : null;
}
