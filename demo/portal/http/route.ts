/** What a route of the simulator is: data, so that tests can hold the list against the portal's OpenAPI documents. */
import type { z } from 'zod';
import type { ChangeEvent } from '../state/change-event.ts';
import type { PortalState } from '../state/portal-state.ts';
import type { Generation } from '../state/records.ts';
import { InvalidCall } from './problem.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One call, checked: the ids in its path are UUIDs. */
export class Call {
  readonly state: PortalState;
  readonly generation: Generation;
  readonly query: URLSearchParams;
  readonly now: Date;
  /** What the call changed; sent as v2 webhooks when it succeeds. */
  readonly events: ChangeEvent[] = [];
  readonly #path: Readonly<Record<string, string>>;

  constructor(call: {
    readonly state: PortalState;
    readonly generation: Generation;
    readonly path: Readonly<Record<string, string>>;
    readonly query: URLSearchParams;
    readonly now: Date;
  }) {
    this.state = call.state;
    this.generation = call.generation;
    this.query = call.query;
    this.now = call.now;
    this.#path = call.path;
  }

  /** A value of the path, decoded; ids in lower case, as the portal stores them. */
  path(name: string): string {
    const value = this.#path[name];
    if (value === undefined) throw new Error(`the route has no {${name}}`);
    return /(^|_)id$/.test(name) ? value.toLowerCase() : value;
  }

  /** @throws InvalidCall when the query lacks it. */
  requiredQuery(name: string): string {
    const value = this.query.get(name);
    if (value !== null) return value;
    throw new InvalidCall(
      [{ type: 'missing', loc: ['query', name], msg: 'Field required', input: null }],
      null,
    );
  }

  changed(...events: readonly ChangeEvent[]): void {
    this.events.push(...events);
  }

  /** The call's time as the API shows times: UTC without a zone, with microseconds. */
  get timestamp(): string {
    return `${this.now.toISOString().slice(0, -1)}000`;
  }
}

/** What a handler gives for a call that was taken but is not finished: 202 with an empty body. */
export const accepted = Symbol('accepted');

/** A path of the API (`/data_products/{id}`, below `/api/v2`) and what answers it. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  /** Answered without credentials. */
  readonly open: boolean;
  readonly schema: z.ZodType | undefined;
  /** The answer's JSON, or `accepted`; throws a `Problem` to refuse. */
  readonly handle: (call: Call, body: unknown) => unknown;
}

/** A route without a body. */
export function route(method: Method, path: string, handle: (call: Call) => unknown): Route {
  return { method, path, open: false, schema: undefined, handle };
}

/** A route whose body must match the schema. */
export function routeWithBody<Body>(
  method: Method,
  path: string,
  schema: z.ZodType<Body>,
  handle: (call: Call, body: Body) => unknown,
): Route {
  // The router hands the handler what this very schema gave.
  return { method, path, open: false, schema, handle: (call, body) => handle(call, body as Body) };
}
