/** What is there before the parts. */
import type { Database } from '../db/connection.ts';
import type { Queue } from '../queue/queue.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Redactor } from '../telemetry/redact.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import type { Platform } from './platform.ts';

export interface Foundations {
  readonly started: AsyncDisposableStack;
  readonly redactor: Redactor;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  readonly platform: Platform;
  readonly database: Database;
  readonly queue: Queue;
}
