/** One request to the console, with who makes it. */
import type { Request, Response } from 'express';
import type { Logger } from '../telemetry/logger.ts';
import type { Live } from './live.ts';
import type { Sources } from './sources.ts';
import type { Authenticate, Visitor } from './visitor.ts';

export interface ConsoleOptions extends Sources {
  readonly authenticate: Authenticate;
  readonly live: Live;
  readonly log: Logger;
  readonly version: string;
  /** Browsers reach us by https. */
  readonly secure: boolean;
}

/** What is known of a request when its page is made. */
export interface Visit {
  readonly request: Request;
  readonly response: Response;
  readonly visitor: Visitor;
}

/** The router's guard has put the visitor there, before any page is looked for. */
export function visitOf(request: Request, response: Response): Visit {
  return { request, response, visitor: response.locals.visitor as Visitor };
}
