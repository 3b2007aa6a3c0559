/** Port: spans from a webhook to the files it changed. What makes them real is loaded only where they are wanted. */

export interface SpanOptions {
  readonly kind?: 'server' | 'consumer' | 'client' | 'internal';
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  /** W3C `traceparent` of a span elsewhere that this one belongs to; else it belongs to the one that is open here. */
  readonly parent?: string | undefined;
}

export interface Tracer extends AsyncDisposable {
  /** Does the work inside a span; what it throws marks the span as failed and is passed on. */
  span<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T>;
  /** Marks the span that is open here as failed, though its work does not throw. */
  fail(error: unknown): void;
  /** `traceparent` of the span that is open here; `undefined` when none is. */
  current(): string | undefined;
  /** Its trace's id, for log lines. */
  traceId(): string | undefined;
}

/** Makes no spans and costs nothing. */
export const noTracer: Tracer = {
  span: (_name, _options, work) => work(),
  fail: () => undefined,
  current: () => undefined,
  traceId: () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};
