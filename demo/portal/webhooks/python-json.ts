/** Text as Python's `json.dumps` writes it, and the signature that the portal makes over that text. */
import { createHmac } from 'node:crypto';

/** The message of a v1 webhook; the order of its keys is part of what is signed. */
export interface V1Message {
  readonly method: string;
  /** Path, percent-decoded. */
  readonly url: string;
  /** Query as the caller sent it, percent-encoded, without the question mark. */
  readonly query: string;
  /** The answer's body for a POST, else empty. */
  readonly response: string;
  readonly status_code: number;
}

/** `JSON.stringify` leaves 0x7f and everything beyond ASCII as it is, Python escapes both. */
function pythonText(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The message as `json.dumps(message)` gives it: a space behind every comma and colon, pure ASCII. */
export function pythonJson(message: V1Message): string {
  const items = Object.entries(message).map(([key, value]) => {
    return `${pythonText(key)}: ${typeof value === 'number' ? value : pythonText(value)}`;
  });
  return `{${items.join(', ')}}`;
}

/** The `Sign` header: hex HMAC-SHA512 over the Python text, which is not what goes over the wire. */
export function sign(message: V1Message, secret: string): string {
  return createHmac('sha512', secret).update(pythonJson(message)).digest('hex');
}
