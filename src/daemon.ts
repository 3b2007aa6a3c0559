/** Starts and stops the daemon: settings → parts (`compose/`) → server, workers, clocks. */
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type express from 'express';
import { createApp } from './compose/app.ts';
import { assembleConsole } from './compose/console.ts';
import { watchLogLevel } from './compose/log-level.ts';
import { createDaemonLogger } from './compose/logger.ts';
import { openNotifier } from './compose/notify.ts';
import { assembleParts } from './compose/parts.ts';
import { announceAccess, assemblePeople } from './compose/people.ts';
import { loadPlatform } from './compose/platform.ts';
import { watchValues } from './compose/platform-values.ts';
import { announceUnproven } from './compose/proofs.ts';
import { openTracer, tracedCalls } from './compose/tracing.ts';
import { watchParts } from './compose/watched.ts';
import { secretsOf } from './config/env.ts';
import type { Environment } from './config/schema.ts';
import { openDatabase } from './db/connection.ts';
import { asProvisionerError } from './model/errors.ts';
import { deliveryOf } from './model/run.ts';
import { version } from './model/version.ts';
import { LookUpJob, queueNames, ReconcileJob } from './queue/jobs.ts';
import { openQueue } from './queue/queue.ts';
import { createWorker, type Worker } from './queue/worker.ts';
import { startAlarmClock } from './reconcile/alarm-clock.ts';
import { standForElection } from './reconcile/leadership.ts';
import { lookUpAffected } from './reconcile/look-up.ts';
import type { ReconcileParts } from './reconcile/parts.ts';
import { reconcileProduct } from './reconcile/reconciler.ts';
import { createResync } from './reconcile/resync.ts';
import { startRounds } from './reconcile/rounds.ts';
import { timedCalls } from './telemetry/calls.ts';
import type { Logger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { Redactor } from './telemetry/redact.ts';
import { noTracer } from './telemetry/tracer.ts';

/** A running daemon; disposing it drains and stops within 10 s. */
export interface Daemon extends AsyncDisposable {
  /** Resolves when only another start can help: the embedded database fails and does not recover by itself. */
  readonly stuck: Promise<void>;
  /**
   * Begins the end: takes no more work, is not ready any more, and takes webhooks for `PROV_SHUTDOWN_DELAY` on, so that a
   * load balancer can hear of it first. Resolves when it can be disposed of.
   */
  leave(): Promise<void>;
  /** Where it listens, for example `http://127.0.0.1:8090`. */
  readonly url: string;
  readonly log: Logger;
}

const lookUpSlots = 4;
/** Jobs get this long to end when the daemon stops; the rest of the 10 s is for closing. */
const drainMs = 7000;
/** Answers that are under way when listening stops get this long. */
const lastAnswersMs = 1000;
/** A look-up that failed is asked again after so long. */
const lookUpRetryMs = 5000;

/**
 * Starts everything. Portal and store may still be away: the daemon is live, not ready, and takes webhooks.
 *
 * @param logStream where log lines go; standard output when left out
 * @throws ProvisionerError `DATABASE_UNAVAILABLE`, `TEMPLATE_INVALID`, `CONFIG_INVALID`; what was started is stopped again
 */
export async function startDaemon(env: Environment, logStream?: NodeJS.WritableStream): Promise<Daemon> {
  const started = new AsyncDisposableStack();
  try {
    return await startParts(env, started, logStream);
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

async function startParts(
  env: Environment,
  started: AsyncDisposableStack,
  logStream: NodeJS.WritableStream | undefined,
): Promise<Daemon> {
  const redactor = new Redactor();
  for (const secret of secretsOf(env)) redactor.register(secret);
  let tracer = noTracer;
  const log = createDaemonLogger(env, redactor, logStream, () => tracer.traceId());
  tracer = started.use(await openTracer(env, redactor, log));
  const metrics = createMetrics();
  const platform = await loadPlatform(env, log);
  const intervalMs = env.PROV_RESYNC_INTERVAL;
  started.use(watchValues(platform.values, { redactor, log, intervalMs }));
  const database = started.use(await openDatabase(env.PROV_DATABASE_URL));
  const queue = started.use(await openQueue(database, log, tracer));
  const notifier = await openNotifier(env, { database, log, metrics });
  if (notifier !== null) started.use(notifier);
  const foundations = { started, redactor, log, metrics, tracer, platform, database, queue };
  const parts = watchParts(
    {
      ...assembleParts(env, foundations),
      ...(notifier === null ? {} : { onRun: (ending) => notifier.onRun(ending) }),
    },
    tracedCalls(tracer, timedCalls(metrics.adapterCall)),
  );
  await mkdir(env.PROV_CONTROL_PATH, { recursive: true });

  const resync = started.use(
    createResync(parts, {
      intervalMs,
      chunk: env.PROV_CONCURRENCY,
      thorough: env.PROV_DRIFT_INTERVAL === 0,
    }),
  );
  await parts.estate.refresh(database.sql);
  const leadership = started.use(await standForElection(parts));
  started.use(watchLogLevel(env.PROV_CONTROL_PATH, log));
  const { promise: stuck, resolve: onStuck } = Promise.withResolvers<void>();
  started.use(startAlarmClock(parts, env.PROV_CONTROL_PATH, onStuck));
  started.use(
    startRounds(parts, leadership, {
      driftIntervalMs: env.PROV_DRIFT_INTERVAL,
      archiveRetentionMs: env.PROV_ARCHIVE_RETENTION,
      keepHistoryMs: env.PROV_HISTORY_RETENTION,
      keepAuditMs: env.PROV_AUDIT_RETENTION,
    }),
  );
  const state = { accepting: true };
  const people = assemblePeople(env, parts);
  const { router, live } = assembleConsole(env, parts, people);
  const server = await listen(env, createApp(env, parts, state, people, router));
  started.defer(() => close(server));
  // Pages that are open would keep the server from closing.
  started.use(live);
  const workers = startWorkers(env, parts, resync, started, () => live.poke());
  resync.start(leadership);
  announce(env, log);
  await announceAccess(env, people.guard, log);

  const { address, port } = server.address() as AddressInfo;
  const host = address.includes(':') ? `[${address}]` : address;
  const leave = async () => {
    state.accepting = false;
    log.info('stopping', { webhooksForMs: env.PROV_SHUTDOWN_DELAY });
    await Promise.all([pause(env.PROV_SHUTDOWN_DELAY), ...workers.map((worker) => worker.stop(drainMs))]);
  };
  const stop = async () => {
    state.accepting = false;
    await started.disposeAsync();
    log.info('stopped');
  };
  return { url: `http://${host}:${port}`, log, stuck, leave, [Symbol.asyncDispose]: stop };
}

function startWorkers(
  env: Environment,
  parts: ReconcileParts,
  resync: ReturnType<typeof createResync>,
  started: AsyncDisposableStack,
  onRun: () => void,
): readonly Worker[] {
  const { queue, log, metrics, tracer } = parts;
  const reconcile = createWorker({
    queue,
    name: queueNames.reconcile,
    slots: env.PROV_CONCURRENCY,
    log,
    onDone: (...job) => {
      metrics.job(queueNames.reconcile, ...job);
      onRun();
    },
    run: (data) => {
      const { product, cause, trace: parent } = ReconcileJob.parse(data);
      const attributes = { product, cause: cause.kind };
      return tracer.span('run', { kind: 'consumer', attributes, parent }, () =>
        reconcileProduct(parts, product, cause),
      );
    },
  });
  const lookUps = createWorker({
    queue,
    name: queueNames.lookUp,
    slots: lookUpSlots,
    log,
    onDone: (...job) => metrics.job(queueNames.lookUp, ...job),
    run: async (data) => {
      const job = LookUpJob.parse(data);
      try {
        await tracer.span('look-up', { kind: 'consumer', parent: job.trace }, () =>
          lookUpAffected(parts, resync, job.lookUp, job.cause),
        );
      } catch (thrown) {
        // A job of its own, not a try of this one: a portal that is away for long must not use the tries up.
        await queue.lookUp([job], lookUpRetryMs);
        const { code, message } = asProvisionerError(thrown);
        const facts = { ...deliveryOf(job.cause), code, error: message };
        log.error('a look-up failed and will be asked again', facts);
      }
    },
  });
  const workers = [reconcile, lookUps];
  for (const worker of workers) {
    started.defer(() => worker.stop(drainMs));
    worker.start();
  }
  return workers;
}

async function listen(env: Environment, app: express.Express): Promise<Server> {
  const server = createServer(app);
  const { promise, resolve: listening, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(env.PROV_PORT, env.PROV_HOST, listening);
  await promise;
  return server;
}

async function close(server: Server): Promise<void> {
  const { promise, resolve: closed } = Promise.withResolvers<void>();
  server.close(() => closed());
  server.closeIdleConnections();
  // A request that does not end, by malice or by a broken line, holds nobody.
  const cut = setTimeout(() => server.closeAllConnections(), lastAnswersMs);
  await promise;
  clearTimeout(cut);
}

function announce(env: Environment, log: Logger): void {
  announceUnproven(env, log);
  log.info('started', {
    version,
    portal: env.PROV_DPP_API_URL,
    store: env.S3_ENDPOINT,
    bucket: env.S3_BUCKET,
  });
}
