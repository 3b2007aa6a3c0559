/** Puts the routes behind express, with what the portal's own framework does around them: 404, 405, 307, 422. */
import { setTimeout as delay } from 'node:timers/promises';
import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import type { PortalState } from '../state/portal-state.ts';
import type { Generation } from '../state/records.ts';
import type { Outbox } from '../webhooks/outbox.ts';
import { announceV1, type V1Target } from '../webhooks/v1.ts';
import type { EventDispatcher } from '../webhooks/v2.ts';
import { authenticate } from './api-key.ts';
import {
  type Answer,
  answer,
  correlationIdOf,
  decodedPath,
  emptyAnswer,
  rawQuery,
  refusal,
  send,
} from './exchange.ts';
import { Problem } from './problem.ts';
import { accepted, Call, type Route } from './route.ts';
import { checkCall } from './validation.ts';

interface ApiOptions {
  readonly state: PortalState;
  readonly generation: Generation;
  readonly routes: readonly Route[];
  readonly apiKey: string | undefined;
  readonly latencyMs: number;
  readonly outbox: Outbox;
  readonly dispatcher: EventDispatcher;
  readonly v1Target: () => V1Target;
  readonly log: (line: string) => void;
}

/** Everything that the simulator answers as the portal would, mounted at the root: also unknown paths are the portal's. */
export function apiRouter(options: ApiOptions): Router {
  const router = express.Router({ strict: true, caseSensitive: true });
  router.use(express.text({ type: () => true, limit: '1mb' }));
  const paths = Map.groupBy(options.routes, ({ path }) => path);
  for (const [path, routes] of paths) {
    const mounted = router.route(expressPath(path));
    for (const one of routes) {
      mounted[methodOf(one)](exchange(options, (request) => run(options, one, request)));
    }
    mounted.all(exchange(options, () => fail(new Problem(405, 'Method Not Allowed'))));
  }
  for (const path of paths.keys()) {
    const other = withOtherSlash(path);
    if (!paths.has(other)) router.all(expressPath(other), exchange(options, redirectToOtherSlash));
  }
  router.use(exchange(options, () => fail(new Problem(404, 'Not Found'))));
  router.use(unreadable);
  return router;
}

const expressPath = (path: string): string => `/api/v2${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;

const methodOf = (one: Route) => one.method.toLowerCase() as 'get' | 'post' | 'put' | 'delete';

const withOtherSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : `${path}/`);

function fail(problem: Problem): never {
  throw problem;
}

/** What express can not read (a broken percent sign, a body beyond its limit) reaches no route. */
const unreadable: ErrorRequestHandler = (_error, request, response, _next): void => {
  const correlationId = correlationIdOf(request);
  send(response, correlationId, refusal(new Problem(400, 'Bad Request'), correlationId));
};

/** Starlette answers the other form of a known path, whatever the method, with an absolute address by `Host`. */
function redirectToOtherSlash(request: Request): Answer {
  const [path = '', query] = request.originalUrl.split('?', 2);
  const location = `http://${request.headers.host}${withOtherSlash(path)}${query === undefined ? '' : `?${query}`}`;
  return emptyAnswer(307, { headers: { location } });
}

/** Checks and runs one call; nothing in it waits, so each call is a transaction by itself. */
function run(options: ApiOptions, one: Route, request: Request): Answer {
  if (!one.open) authenticate(options.apiKey, request.headers);
  // A route has no wildcards, so every value is one text.
  const path = request.params as Record<string, string>;
  const text = typeof request.body === 'string' ? request.body : '';
  const body = checkCall(one.schema, { path, text, contentType: request.headers['content-type'] });
  const { state, generation } = options;
  const query = new URLSearchParams(rawQuery(request));
  const call = new Call({ state, generation, path, query, now: new Date() });
  const result = one.handle(call, body);
  if (result === accepted) return emptyAnswer(202, { events: call.events });
  return answer(200, result, call.events);
}

/** From the request to the answer and its webhooks; what is thrown becomes the portal's error. */
function exchange(options: ApiOptions, respond: (request: Request) => Answer): RequestHandler {
  return async (request: Request, response: Response): Promise<void> => {
    if (options.latencyMs > 0) await delay(options.latencyMs);
    const correlationId = correlationIdOf(request);
    let given: Answer;
    try {
      given = respond(request);
    } catch (thrown) {
      given = refusal(thrown, correlationId);
      if (given.silent) options.log(`${request.method} ${request.path} broke: ${String(thrown)}`);
    }
    send(response, correlationId, given);
    announce(options, request, given);
  };
}

function announce(options: ApiOptions, request: Request, given: Answer): void {
  if (given.silent) return;
  announceV1WhereKnown(options, request, given);
  if (given.status < 400) options.dispatcher.announce(given.events);
}

/** `main` has no v1 any more: its variables are ignored silently. */
function announceV1WhereKnown(options: ApiOptions, request: Request, given: Answer): void {
  if (options.generation === 'main') return;
  announceV1(options.outbox, options.v1Target(), {
    method: request.method,
    url: decodedPath(request),
    query: rawQuery(request),
    response: given.body,
    status_code: given.status,
  });
}
