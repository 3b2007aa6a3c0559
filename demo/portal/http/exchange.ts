/** One call of the API and its answer: ids, errors, and the webhooks that follow. */
import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { ChangeEvent } from '../state/change-event.ts';
import { InvalidCall, Problem } from './problem.ts';

/** What goes back to the caller. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly events: readonly ChangeEvent[];
  /** The real portal sends no webhook for a call that broke (500 "Something went wrong"). */
  readonly silent: boolean;
}

export function answer(status: number, json: unknown, events: readonly ChangeEvent[] = []): Answer {
  const headers = { 'content-type': 'application/json' };
  return { status, headers, body: JSON.stringify(json), events, silent: false };
}

export function emptyAnswer(
  status: number,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly events?: readonly ChangeEvent[] },
): Answer {
  return { status, headers: options.headers ?? {}, body: '', events: options.events ?? [], silent: false };
}

/** The answer for whatever was thrown; the third kind is a fault of the portal itself. */
export function refusal(thrown: unknown, correlationId: string): Answer {
  if (thrown instanceof Problem) {
    return answer(thrown.status, { correlation_id: correlationId, detail: thrown.message });
  }
  if (thrown instanceof InvalidCall) {
    const { faults: detail, body } = thrown;
    return answer(422, { correlation_id: correlationId, detail, body });
  }
  const broken = answer(500, { correlation_id: correlationId, detail: 'Something went wrong' });
  return { ...broken, silent: true };
}

/** The caller's `x-request-id` when it is a UUID, else a new one, without dashes as the portal writes it. */
export function correlationIdOf(request: Request): string {
  const given = request.headers['x-request-id'];
  if (typeof given === 'string' && /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(given)) return given;
  return randomUUID().replaceAll('-', '');
}

/** Path as the portal sees it: percent-decoded. */
export function decodedPath(request: Request): string {
  const path = request.originalUrl.split('?', 1)[0] ?? '';
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Everything behind the question mark, as sent. */
export function rawQuery(request: Request): string {
  const at = request.originalUrl.indexOf('?');
  return at < 0 ? '' : request.originalUrl.slice(at + 1);
}

export function send(response: Response, correlationId: string, { status, headers, body }: Answer): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'x-request-id': correlationId, 'content-length': bytes.length });
  response.end(bytes);
}
