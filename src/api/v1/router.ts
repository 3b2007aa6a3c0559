/** `/api/v1`: who may, checked requests, answers with ETags, and problem details for everything else. */
import { randomUUID } from 'node:crypto';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { z } from 'zod';
import { type Guard, type Refusal, visitorOf } from '../../auth/guard.ts';
import { securityHeaders } from '../../auth/headers.ts';
import { asProvisionerError } from '../../model/errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { actingEndpoints } from './acting.ts';
import { describeApi } from './document.ts';
import type { Call, Endpoint } from './endpoint.ts';
import { keyEndpoints } from './keys.ts';
import type { ApiParts } from './parts.ts';
import { ApiProblem, type Fault, sendFailure, sendProblem } from './problem.ts';
import { readingEndpoints } from './reading.ts';
import { referenceEndpoints } from './reference.ts';

export interface ApiOptions extends ApiParts {
  readonly guard: Guard;
  /** Browsers reach us by https. */
  readonly secure: boolean;
  readonly log: Logger;
}

/** Every operation there is, with those that describe the rest. */
function apiEndpoints(parts: Pick<ApiOptions, keyof ApiParts | 'secure'>): readonly Endpoint[] {
  const endpoints = [...readingEndpoints(parts), ...actingEndpoints(parts), ...keyEndpoints(parts)];
  const describe = (own: readonly Endpoint[]) => describeApi([...endpoints, ...own], parts.secure);
  return [...endpoints, ...referenceEndpoints(describe)];
}

/** An application of its own: only its answers have ETags, weak ones, and `If-None-Match` gets 304. */
export function createApi(options: ApiOptions): express.Express {
  const api = express();
  api.disable('x-powered-by');
  api.set('etag', 'weak');
  api.use(securityHeaders(options.secure), (request, response, next) => {
    response.set('cache-control', request.method === 'GET' ? 'private, no-cache' : 'no-store');
    // `fetch` adds `no-cache` to every conditional request (its standard, "HTTP-network-or-cache fetch"), and express
    // would then send all of it again. Who wants that leaves `If-None-Match` out.
    if (request.headers['if-none-match'] !== undefined) delete request.headers['cache-control'];
    next();
  });
  for (const endpoint of apiEndpoints(options)) {
    const path = endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1');
    const guarded = options.guard.require(endpoint.role, refuse);
    api[endpoint.method](path, guarded, express.json({ limit: '64kb' }), async (request, response) => {
      await endpoint.respond(callOf(endpoint, request, response), response);
    });
  }
  api.use(options.guard.require('viewer', refuse), (request) => {
    throw new ApiProblem('NOT_FOUND', `There is no ${request.method} ${request.path} here.`);
  });
  api.use((thrown: unknown, request: Request, response: Response, _next: NextFunction) =>
    answerThrown(options.log, thrown, request, response),
  );
  return api;
}

const refusals: Readonly<Record<Refusal, () => ApiProblem>> = {
  unauthenticated: () =>
    new ApiProblem('UNAUTHENTICATED', 'Send `Authorization: Bearer <key>`, or log in at /auth/login.'),
  'nothing-set': () =>
    new ApiProblem(
      'UNAUTHENTICATED',
      'Nobody can be let in yet: make a key with `provisioner keys create` beside the daemon, or set PROV_ADMIN_KEY or PROV_OIDC_ISSUER.',
    ),
  forbidden: () => new ApiProblem('FORBIDDEN', 'Ask for a key or a login with a larger role.'),
  csrf: () =>
    new ApiProblem('CSRF', 'Send the token of your login as `x-csrf-token`, from a page of this address.'),
};

function refuse(refusal: Refusal, _request: Request, response: Response): void {
  sendProblem(response, refusals[refusal]());
}

/** @throws ApiProblem `BODY_NOT_JSON`; `REQUEST_INVALID` with every fault */
function callOf(endpoint: Endpoint, request: Request, response: Response): Call<never, never, never> {
  // Taken for no body, it would turn an order for some into one for all.
  if (request.body === undefined && hasBody(request))
    throw new ApiProblem('BODY_NOT_JSON', 'Send the body as JSON, with `content-type: application/json`.');
  const faults: Fault[] = [];
  const read = (where: Fault['in'], form: z.ZodObject | undefined, value: unknown) => {
    const parsed = form?.safeParse(value);
    if (parsed?.success === false) faults.push(...parsed.error.issues.map((issue) => faultOf(where, issue)));
    return parsed?.data ?? {};
  };
  const call = {
    params: read('path', endpoint.params, request.params),
    query: read('query', endpoint.query, request.query),
    body: read('body', endpoint.body, request.body ?? {}),
    visitor: visitorOf(response),
  };
  if (faults.length > 0)
    throw new ApiProblem('REQUEST_INVALID', 'Something in the request is wrong.', faults);
  // Each part has just been made by the form that the operation was declared with.
  return call as Call<never, never, never>;
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function faultOf(where: Fault['in'], { path, message }: z.core.$ZodIssue): Fault {
  return { in: where, field: path.map(String).join('.'), problem: message };
}

function answerThrown(log: Logger, thrown: unknown, request: Request, response: Response): void {
  // Half of an answer is out: all that is left is to show that it is not whole.
  if (response.headersSent) response.destroy();
  const problem = problemOf(thrown);
  if (problem === null) failed(log, thrown, request, response);
  else if (!response.headersSent) sendProblem(response, problem);
}

/** What the sender did wrong; `null`: it is not the sender's fault. */
function problemOf(thrown: unknown): ApiProblem | null {
  if (thrown instanceof ApiProblem) return thrown;
  // Express gives its own errors a status.
  const status = typeof thrown === 'object' && thrown !== null && 'status' in thrown ? thrown.status : 500;
  if (status === 413) return new ApiProblem('BODY_TOO_LARGE', 'At most 64 KB are taken.');
  if (typeof status === 'number' && status < 500)
    return new ApiProblem('REQUEST_INVALID', 'Path or body can not be read.');
  return null;
}

function failed(log: Logger, thrown: unknown, request: Request, response: Response): void {
  const error = asProvisionerError(thrown);
  const instance = `urn:uuid:${randomUUID()}`;
  log.error('a request to the API failed', {
    method: request.method,
    path: request.path,
    code: error.code,
    error: error.message,
    instance,
  });
  if (!response.headersSent) sendFailure(response, error, instance);
}
