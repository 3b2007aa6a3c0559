/** Every error of the API as RFC 9457 problem details: a stable `type` and `code`, and words that say what to do. */
import type { Response } from 'express';
import { z } from 'zod';
import { type ErrorCode, errorCatalogue, type ProvisionerError } from '../../model/errors.ts';

/** code → status and title. Codes of `model/errors.ts` come beside these. */
export const problemCatalogue = {
  REQUEST_INVALID: { status: 400, title: 'The request is not as the description says.' },
  UNAUTHENTICATED: { status: 401, title: 'A key or a login is needed.' },
  FORBIDDEN: { status: 403, title: 'Your role does not allow this.' },
  CSRF: { status: 403, title: 'A write with a cookie must bring the token of its login.' },
  NOT_FOUND: { status: 404, title: 'There is no such thing.' },
  NOT_RETIRED: { status: 409, title: 'The product is not retired.' },
  NAME_TAKEN: { status: 409, title: 'Another has this name.' },
  ARCHIVE_GONE: { status: 410, title: 'The workspace is no longer in the archive.' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large.' },
  BODY_NOT_JSON: { status: 415, title: 'The body is not sent as JSON.' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemCatalogue;

/** One thing that is wrong with a request. */
const Fault = z.strictObject({
  in: z.enum(['path', 'query', 'body']),
  field: z.string().meta({ description: 'Dots lead inside; empty: the whole.' }),
  problem: z.string(),
});
export type Fault = z.infer<typeof Fault>;

/** The form of every error. */
export const Problem = z
  .strictObject({
    type: z.string().meta({ description: 'Where this kind of problem is described; stable.' }),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'The kind of problem in one word, for programs; stable.' }),
    detail: z.string(),
    instance: z.string().optional().meta({ description: 'Names this very case; the log has it too.' }),
    faults: z.array(Fault).readonly().optional(),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457).' });
type Problem = z.infer<typeof Problem>;

/** Thrown by what answers a request; the router turns it into an answer. */
export class ApiProblem extends Error {
  readonly code: ProblemCode;
  readonly faults: readonly Fault[] | undefined;

  constructor(code: ProblemCode, detail: string, faults?: readonly Fault[]) {
    super(detail);
    this.name = 'ApiProblem';
    this.code = code;
    this.faults = faults;
  }
}

export function sendProblem(response: Response, { code, message, faults }: ApiProblem): void {
  const { status, title } = problemCatalogue[code];
  if (status === 401) response.set('www-authenticate', 'Bearer realm="provisioner"');
  send(response, { type: typeOf(code), title, status, code, detail: message, ...(faults && { faults }) });
}

/**
 * A failure behind the API. What is a fault of ours is told in no words but a name for the log.
 *
 * @param instance names this case in the log and in the answer
 */
export function sendFailure(response: Response, error: ProvisionerError, instance: string): void {
  const detail = detailOf(error);
  const status = statusOfFailure(error.code);
  const title = errorCatalogue[error.code].meaning;
  send(response, { type: typeOf(error.code), title, status, code: error.code, detail, instance });
}

/** What may be told: the message of a fault of ours is for the log alone. */
export function detailOf(error: ProvisionerError): string {
  return error.code === 'INTERNAL' ? 'A fault in this program. Its log has more.' : error.message;
}

/** 503: try again; 502: something behind us is not as it must be; 500: we are not. */
export function statusOfFailure(code: ErrorCode): number {
  if (errorCatalogue[code].needs === 'time') return 503;
  return code === 'INTERNAL' || code === 'CONFIG_INVALID' ? 500 : 502;
}

/** Where the reference page describes the code. */
function typeOf(code: string): string {
  return `/api/v1/docs#${code.toLowerCase().replaceAll('_', '-')}`;
}

function send(response: Response, problem: Problem): void {
  response
    .status(problem.status)
    .set('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(problem));
}
