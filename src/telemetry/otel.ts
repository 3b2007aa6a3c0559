/** Spans by OpenTelemetry, sent as OTLP over HTTP. Nothing imports this file but by `import()`: it weighs some 10 MB. */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { asProvisionerError } from '../model/errors.ts';
import type { SpanOptions, Tracer } from './tracer.ts';

export interface OtelOptions {
  /** Base address of the collector; `/v1/traces` is added. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly service: string;
  readonly version: string;
  /** Takes secrets out of what errors say. */
  readonly redact: (text: string) => string;
  /** Told that spans could not be sent, at most once a minute. */
  readonly onFailure: (error: string) => void;
}

const kinds = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
} as const;
const complainEveryMs = 60_000;
/** A collector that is away must not hold up the end of the daemon. */
const flushMs = 2000;

export function openOtelTracer(options: OtelOptions): Tracer {
  const url = `${options.endpoint.replace(/\/$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, headers: { ...options.headers }, timeoutMillis: 5000 });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.service,
      'service.version': options.version,
    }),
    spanProcessors: [
      new BatchSpanProcessor(complaining(exporter, options.onFailure), { scheduledDelayMillis: 1000 }),
    ],
  });
  return new OtelTracer(provider, options.redact);
}

class OtelTracer implements Tracer {
  readonly #provider: BasicTracerProvider;
  readonly #redact: (text: string) => string;
  /** The open span of each chain of calls; no global state, so that several daemons can live in one process. */
  readonly #open = new AsyncLocalStorage<Span>();

  constructor(provider: BasicTracerProvider, redact: (text: string) => string) {
    this.#provider = provider;
    this.#redact = redact;
  }

  async span<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
    const { kind = 'internal', attributes = {}, parent } = options;
    const context = this.#contextOf(parent);
    const tracer = this.#provider.getTracer('provisioner');
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes: { ...attributes } }, context);
    try {
      return await this.#open.run(span, work);
    } catch (thrown) {
      this.#fail(span, thrown);
      throw thrown;
    } finally {
      span.end();
    }
  }

  fail(error: unknown): void {
    const span = this.#open.getStore();
    if (span !== undefined) this.#fail(span, error);
  }

  current(): string | undefined {
    const context = this.#open.getStore()?.spanContext();
    if (context === undefined) return undefined;
    const flags = context.traceFlags.toString(16).padStart(2, '0');
    return `00-${context.traceId}-${context.spanId}-${flags}`;
  }

  traceId(): string | undefined {
    return this.#open.getStore()?.spanContext().traceId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, flushMs);
    await Promise.race([this.#provider.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
  }

  #contextOf(parent: string | undefined) {
    const remote = parent === undefined ? null : parseTraceparent(parent);
    if (remote !== null) return trace.setSpanContext(ROOT_CONTEXT, remote);
    const open = this.#open.getStore();
    return open === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, open);
  }

  #fail(span: Span, thrown: unknown): void {
    const { code, message } = asProvisionerError(thrown);
    span.setAttribute('error.type', code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: this.#redact(message) });
  }
}

/** `00-<trace id>-<span id>-<flags>` (W3C Trace Context). */
function parseTraceparent(text: string): SpanContext | null {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

/** The SDK keeps failures to itself; somebody should hear of them, not at every batch. */
function complaining(exporter: SpanExporter, onFailure: (error: string) => void): SpanExporter {
  let nextMs = 0;
  return {
    export: (spans, told) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined && Date.now() >= nextMs) {
          nextMs = Date.now() + complainEveryMs;
          onFailure(result.error.message);
        }
        told(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}
