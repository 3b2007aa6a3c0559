/** A call of the portal's API from a route and its values to a checked value, with everything that may go wrong on the way. */
import { setTimeout as pause } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { z } from 'zod';
import { ProvisionerError } from '../model/errors.ts';
import type { AuthHeaders, Credentials } from './credentials.ts';
import type { Answer } from './exchange.ts';
import { contractFailure, failureOf } from './failure.ts';
import { fillPath, labelOf, type Route } from './routes.ts';
import { ErrorDetail } from './schema.ts';
import type { PortalRequest, Transport } from './transport.ts';

/** When a failed request is tried again within one call. */
export interface RetryPolicy {
  /** Further tries after the first. */
  readonly retries: number;
  /** Wait before the second try; each later wait is twice as long, with jitter. */
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
  /** Longest `Retry-After` that is sat out within the call; a longer one ends the call. */
  readonly maxRetryAfterMs: number;
}

/** The parts of a caller. */
export interface CallerOptions {
  readonly transport: Transport;
  readonly credentials: Credentials;
  readonly retry: RetryPolicy;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** What one call carries. */
export interface CallInput {
  /** Values for the path's `{names}`. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** `gone`: 404 in the portal's own words. `conflict`: 409. */
export type Reply<Value> =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'gone' }
  | { readonly kind: 'conflict' };

/** Makes calls: credentials, tries, and the check of the answer. Keeps nothing between them. */
export class Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /**
   * Asks, and asks again while that can help.
   *
   * @throws ProvisionerError `PORTAL_UNAVAILABLE` (still, after all tries), `PORTAL_DENIED`, or `PORTAL_CONTRACT` (the
   * answer is not what the schema says).
   */
  async call<Value>(route: Route<Value>, input: CallInput = {}): Promise<Reply<Value>> {
    const request = requestOf(route, input);
    const { retries, minWaitMs, maxWaitMs } = this.#options.retry;
    const renewal = { allowed: true };
    return await pRetry(() => this.#attempt(route, request, renewal), {
      retries,
      minTimeout: minWaitMs,
      maxTimeout: maxWaitMs,
      randomize: true,
      shouldRetry: ({ error, retryDelay }) => this.#shouldRetry(error, retryDelay),
    });
  }

  async #attempt<Value>(
    route: Route<Value>,
    request: PortalRequest,
    renewal: { allowed: boolean },
  ): Promise<Reply<Value>> {
    const { credentials, transport } = this.#options;
    const headers = route.open ? {} : await credentials.headers();
    let answer = await transport.send(withHeaders(request, headers));
    if (renewal.allowed && !route.open && mayMeanExpired(answer)) {
      const others = await credentials.insteadOf(headers);
      if (others !== null) {
        renewal.allowed = false;
        answer = await transport.send(withHeaders(request, others));
      }
    }
    return this.#replyOf(route, answer);
  }

  #replyOf<Value>(route: Route<Value>, answer: Answer): Reply<Value> {
    const label = labelOf(route);
    if (answer.status >= 200 && answer.status < 300) {
      return { kind: 'value', value: parseAnswer(label, route.answer, answer) };
    }
    if (answer.status === 404 && saysGone(answer)) return { kind: 'gone' };
    if (answer.status === 409) return { kind: 'conflict' };
    throw failureOf(label, answer, this.#options.credentials.kind, this.#options.clock());
  }

  /** Sits out the rest of a `Retry-After`; the call's own wait comes on top of this one. */
  async #shouldRetry(error: Error, ownWaitMs: number): Promise<boolean> {
    if (!(error instanceof ProvisionerError) || !error.retryable || error.turnedAway) return false;
    const asked = Number(error.facts.retryAfterMs ?? 0);
    if (asked > this.#options.retry.maxRetryAfterMs) return false;
    if (asked > ownWaitMs) await pause(asked - ownWaitMs);
    return true;
  }
}

function requestOf(route: Route<unknown>, input: CallInput): PortalRequest {
  const query = new URLSearchParams({ ...input.query }).toString();
  return {
    label: labelOf(route),
    method: route.method,
    path: fillPath(route.path, input.path ?? {}),
    query: query === '' ? '' : `?${query}`,
    headers: {
      accept: 'application/json',
      ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: input.body === undefined ? null : JSON.stringify(input.body),
  };
}

function withHeaders(request: PortalRequest, headers: AuthHeaders): PortalRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

/** The portal answers an expired token with a bare 500; a gateway in front of it may say 401. */
function mayMeanExpired(answer: Answer): boolean {
  return answer.status === 500 || answer.status === 401;
}

/**
 * Whether a 404 tells that the product, port or asset is gone. A wrong address ("Not Found", the framework's own
 * words) or a gateway's page must not: what is gone gets torn down.
 */
function saysGone(answer: Answer): boolean {
  const body = ErrorDetail.safeParse(jsonOf(answer.text));
  return body.success && body.data.detail !== 'Not Found';
}

function parseAnswer<Value>(label: string, schema: z.ZodType<Value>, answer: Answer): Value {
  const json = jsonOf(answer.text);
  if (json === undefined) throw contractFailure(label, answer, 'is not JSON');
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.slice(0, 5).map((issue) => issue.path.join('.') || 'the whole');
  throw contractFailure(label, answer, `does not have the expected form at ${paths.join(', ')}`);
}

/** An empty body, as on 202, reads as `null`; what is not JSON as `undefined`. */
function jsonOf(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
