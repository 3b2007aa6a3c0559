/** What every request to a server passes, each try of it: it may be made to wait, or be turned away. */
export interface RequestGate {
  add<T>(send: () => Promise<T>): Promise<T>;
}

/** The gate as a middleware of the AWS SDK's clients … */
export function gateMiddleware(gate: RequestGate) {
  return <Request, Answer>(next: (request: Request) => Promise<Answer>) =>
    (request: Request): Promise<Answer> =>
      gate.add(() => next(request));
}

/** … and its place there: each attempt passes it, and is signed when it has. */
export const insideRetries = { relation: 'after', toMiddleware: 'retryMiddleware', name: 'gate' } as const;
