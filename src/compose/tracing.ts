/** Traces where the settings want them; else nothing of what makes them is loaded. */
import type { Environment } from '../config/schema.ts';
import { version } from '../model/version.ts';
import type { AroundCall } from '../telemetry/calls.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Redactor } from '../telemetry/redact.ts';
import { noTracer, type Tracer } from '../telemetry/tracer.ts';

export async function openTracer(env: Environment, redactor: Redactor, log: Logger): Promise<Tracer> {
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return noTracer;
  const headers = headersOf(env.OTEL_EXPORTER_OTLP_HEADERS ?? []);
  for (const value of Object.values(headers)) redactor.register(value);
  const { openOtelTracer } = await import('../telemetry/otel.ts');
  log.info('sending traces', { collector: endpoint });
  return openOtelTracer({
    endpoint,
    headers,
    service: env.OTEL_SERVICE_NAME,
    version,
    redact: (text) => redactor.redact(text),
    onFailure: (error) => log.warn('traces could not be sent', { collector: endpoint, error }),
  });
}

function headersOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const end = pair.indexOf('=');
      return [pair.slice(0, end), decodeURIComponent(pair.slice(end + 1))];
    }),
  );
}

/** A span for each call, inside `next`. */
export function tracedCalls(tracer: Tracer, next: AroundCall): AroundCall {
  return (adapter, operation, call) =>
    tracer.span(`${adapter} ${operation}`, { kind: 'client', attributes: { adapter } }, () =>
      next(adapter, operation, call),
    );
}
