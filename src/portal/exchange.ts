/** One HTTP request and its whole answer: bounded in time and size, no redirect followed. */
import { ProvisionerError } from '../model/errors.ts';

/** One request, ready to be sent. */
export interface ExchangeRequest {
  /** What the request is called in errors and metrics: few different values, no ids (`GET /data_products/{id}`). */
  readonly label: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** A whole answer, of any status. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as text; empty when there is none. */
  readonly text: string;
}

/** Told of every request that went out: its label, the answer's status or `error`, and how long it took. */
export type RequestObserver = (route: string, outcome: number | 'error', milliseconds: number) => void;

/** The bounds of every exchange, and who is told of it. */
export interface ExchangeLimits {
  /** From sending the request to the last byte of its answer. */
  readonly timeoutMs: number;
  /** Largest body, after decompression. */
  readonly maxAnswerBytes: number;
  readonly onRequest: RequestObserver;
}

/**
 * Sends one request. Any status is an answer, redirects too.
 *
 * @throws ProvisionerError `PORTAL_UNAVAILABLE` when no whole answer came in time, `PORTAL_CONTRACT` when it is too
 * large. The original error is not kept as `cause`: those of the HTTP parser carry raw bytes of the answer.
 */
export async function exchange(request: ExchangeRequest, limits: ExchangeLimits): Promise<Answer> {
  const started = performance.now();
  let outcome: number | 'error' = 'error';
  try {
    const answer = await receive(request, limits);
    outcome = answer.status;
    return answer;
  } catch (thrown) {
    throw thrown instanceof ProvisionerError ? thrown : noAnswer(request, limits, thrown);
  } finally {
    limits.onRequest(request.label, outcome, performance.now() - started);
  }
}

async function receive(request: ExchangeRequest, limits: ExchangeLimits): Promise<Answer> {
  const response = await fetch(request.url, {
    method: request.method,
    headers: request.headers,
    body: request.body,
    // Followed, a redirect could carry our credentials to another host or to plain http.
    redirect: 'manual',
    signal: AbortSignal.timeout(limits.timeoutMs),
  });
  const text = await readText(request, response, limits.maxAnswerBytes);
  return { status: response.status, headers: response.headers, text };
}

/** Reads piece by piece: `Content-Length` may be absent or, with compression, say little. */
async function readText(request: ExchangeRequest, response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return '';
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body) {
    bytes += piece.byteLength;
    // Leaving the loop by a throw cancels the stream, which closes the connection.
    if (bytes > maxBytes) throw tooLarge(request, maxBytes);
    pieces.push(piece);
  }
  return new TextDecoder().decode(Buffer.concat(pieces));
}

function tooLarge(request: ExchangeRequest, maxBytes: number): ProvisionerError {
  return new ProvisionerError(
    'PORTAL_CONTRACT',
    `${request.label} was answered with more than ${maxBytes} bytes; is the portal's address right?`,
    { facts: { route: request.label } },
  );
}

function noAnswer(request: ExchangeRequest, limits: ExchangeLimits, thrown: unknown): ProvisionerError {
  const reason = reasonOf(thrown);
  const what =
    reason === 'timeout' ? `no whole answer within ${limits.timeoutMs} ms` : `no answer (${reason})`;
  return new ProvisionerError('PORTAL_UNAVAILABLE', `${request.label} got ${what}.`, {
    facts: { route: request.label, reason },
  });
}

/** `timeout`, the system's code (`ECONNREFUSED`), or `network`. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'network';
  if (thrown.name === 'TimeoutError') return 'timeout';
  const { cause } = thrown;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'network';
}
