/** One operation of the API: what it takes, what it answers, who may, and the doing. */
import type { Response } from 'express';
import type { z } from 'zod';
import type { Visitor } from '../../auth/guard.ts';
import type { RoleName } from '../../model/role.ts';
import type { ProblemCode } from './problem.ts';

/** A request whose parts were checked. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly visitor: Visitor;
}

/** What stands in the description. */
interface Words {
  readonly method: 'get' | 'post' | 'delete';
  /** Below `/api/v1`, with parameters as `{name}`. */
  readonly path: `/${string}`;
  readonly role: RoleName;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Problems beside those that any operation can have. */
  readonly problems?: readonly ProblemCode[];
}

interface Forms<Params, Query, Body> {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
}

/** An operation as the router and the description see it. */
export interface Endpoint extends Words, Forms<z.ZodObject, z.ZodObject, z.ZodObject> {
  readonly answer: { readonly status: 200 | 201 | 202; readonly content: string; readonly schema: z.ZodType };
  /** Gets what its forms have checked, and sends the answer. */
  respond(call: Call<never, never, never>, response: Response): Promise<void>;
}

/** What an operation is declared with, whatever it answers. */
export type Spec<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject> = Words &
  Forms<P, Q, B>;
/** A call as the forms make it. */
export type CallOf<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject> = Call<
  z.output<P>,
  z.output<Q>,
  z.output<B>
>;

/** An operation that answers JSON. The compiler holds `handle` against the form of the answer. */
export function endpoint<
  A extends z.ZodType,
  P extends z.ZodObject = z.ZodObject,
  Q extends z.ZodObject = z.ZodObject,
  B extends z.ZodObject = z.ZodObject,
>(
  spec: Spec<P, Q, B> & {
    readonly answer: A;
    readonly status?: 200 | 201 | 202;
    readonly handle: (call: CallOf<P, Q, B>) => Promise<z.output<A>> | z.output<A>;
  },
): Endpoint {
  const { answer, status = 200, handle, ...words } = spec;
  return {
    ...words,
    answer: { status, content: 'application/json', schema: answer },
    respond: async (call: CallOf<P, Q, B>, response) => {
      const value = await handle(call);
      response.status(status).json(value);
    },
  };
}

/** An operation that answers something else, and sends it itself. */
export function rawEndpoint<P extends z.ZodObject = z.ZodObject, Q extends z.ZodObject = z.ZodObject>(
  spec: Spec<P, Q, z.ZodObject> & {
    readonly content: string;
    readonly answer: z.ZodType;
    readonly send: (call: CallOf<P, Q, z.ZodObject>, response: Response) => Promise<void> | void;
  },
): Endpoint {
  const { content, answer, send, ...words } = spec;
  return {
    ...words,
    answer: { status: 200, content, schema: answer },
    respond: async (call: CallOf<P, Q, z.ZodObject>, response) => send(call, response),
  };
}
