/** Settings → the log. */
import type { Environment } from '../config/schema.ts';
import { createLogger, type Facts, type RootLogger } from '../telemetry/logger.ts';
import type { Redactor } from '../telemetry/redact.ts';

/** @param traceId of the line that is being written; `undefined` = it belongs to no trace */
export function createDaemonLogger(
  env: Environment,
  redactor: Redactor,
  stream: NodeJS.WritableStream | undefined,
  traceId: () => string | undefined,
): RootLogger {
  const onTerminal = stream === undefined && process.stdout.isTTY === true;
  const format = env.PROV_LOG_FORMAT === 'auto' ? (onTerminal ? 'pretty' : 'json') : env.PROV_LOG_FORMAT;
  const colour = onTerminal && process.env.NO_COLOR === undefined;
  const context = (): Facts => {
    const trace = traceId();
    return trace === undefined ? {} : { trace };
  };
  return createLogger({
    format,
    level: env.PROV_LOG_LEVEL,
    colour,
    redactor,
    context,
    ...(stream === undefined ? {} : { stream }),
  });
}
