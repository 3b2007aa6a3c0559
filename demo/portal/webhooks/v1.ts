/** The first generation: one signed message per POST, PUT and DELETE, whatever its path and outcome. */
import type { Outbox } from './outbox.ts';
import { sign, type V1Message } from './python-json.ts';

export interface V1Target {
  readonly url: string | undefined;
  /** Without one there is no `Sign` header. */
  readonly secret: string | undefined;
}

const announcedMethods = new Set(['POST', 'PUT', 'DELETE']);
const silentPaths = ['/api/auth/', '/api/v2/authn/'];

/** Sends the message of a call in a task of its own: at once, beside all others, in no order. */
export function announceV1(outbox: Outbox, target: V1Target, call: V1Message): void {
  if (!target.url || !announcedMethods.has(call.method)) return;
  if (silentPaths.some((path) => call.url.startsWith(path))) return;
  const message: V1Message = {
    method: call.method,
    url: call.url,
    query: call.query,
    response: call.method === 'POST' ? call.response : '',
    status_code: call.status_code,
  };
  outbox.track(
    outbox.send({
      generation: 'v1',
      url: target.url,
      headers: target.secret ? { sign: sign(message, target.secret) } : {},
      body: JSON.stringify(message),
    }),
  );
}
