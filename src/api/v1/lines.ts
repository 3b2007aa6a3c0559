/** Answers of many lines, each a JSON object, however many there are: what is held in memory is a line at a time. */
import type { Response } from 'express';
import type { z } from 'zod';
import { type CallOf, type Endpoint, rawEndpoint, type Spec } from './endpoint.ts';

const content = 'application/x-ndjson';

/** An operation that answers JSON lines as they come. */
export function linesEndpoint<
  A extends z.ZodType,
  P extends z.ZodObject = z.ZodObject,
  Q extends z.ZodObject = z.ZodObject,
>(
  spec: Spec<P, Q, z.ZodObject> & {
    /** Form of one line; the compiler holds `lines` against it. */
    readonly answer: A;
    readonly lines: (call: CallOf<P, Q, z.ZodObject>) => AsyncIterable<z.output<A>>;
  },
): Endpoint {
  const { lines, ...words } = spec;
  return rawEndpoint<P, Q>({
    ...words,
    content,
    send: (call, response) => sendLines(response, lines(call)),
  });
}

/** As fast as the reader takes them; one who left ends it. */
async function sendLines(response: Response, lines: AsyncIterable<unknown>): Promise<void> {
  response.type(content);
  for await (const line of lines) {
    if (response.destroyed) return;
    if (!response.write(`${JSON.stringify(line)}\n`)) await drained(response);
  }
  response.end();
}

/** A reader that goes away never drains. */
function drained(response: Response): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once('drain', resolve).once('close', resolve);
  return promise;
}
