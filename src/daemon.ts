/** The composition root: settings → parts → a running daemon. The only file that knows every folder. */
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import express, { type NextFunction, type Request, type Response } from 'express';
import { sql } from 'kysely';
import { createCredentialsRouter } from './api/credentials.ts';
import { createHealthRouter } from './api/health.ts';
import { secretsOf } from './config/env.ts';
import type { Environment } from './config/schema.ts';
import { findCurrentKey } from './db/access-keys.ts';
import { readBrake } from './db/brake.ts';
import { type Database, openDatabase } from './db/connection.ts';
import { findTokenDigest, noteTokenDigest } from './db/credential-tokens.ts';
import { countByCondition } from './db/products.ts';
import { issuerFinder } from './identity/find-issuer.ts';
import { principalNameOf } from './identity/issuer.ts';
import { OpenSessions } from './identity/open-sessions.ts';
import { createDeliveries } from './intake/deliveries.ts';
import { createIntakeRouter } from './intake/router.ts';
import { canaryHome } from './model/home.ts';
import { createPortalClient } from './portal/create-client.ts';
import type { PortalAuth } from './portal/credentials.ts';
import { LookUpJob, queueNames, ReconcileJob } from './queue/jobs.ts';
import { openQueue, type Queue } from './queue/queue.ts';
import { createWorker } from './queue/worker.ts';
import { startAlarmClock } from './reconcile/alarm-clock.ts';
import { lookUpAffected } from './reconcile/look-up.ts';
import type { ReconcileParts } from './reconcile/parts.ts';
import { reconcileProduct } from './reconcile/reconciler.ts';
import { createResync } from './reconcile/resync.ts';
import { VaultKv, vaultOptionsOf } from './secrets/vault-kv.ts';
import { AwsSecretsManagerSink } from './sinks/aws-secrets-manager.ts';
import { CredentialEndpointSink, tokenDigest, tokenFile } from './sinks/credential-endpoint.ts';
import { KubernetesSink } from './sinks/kubernetes.ts';
import type { SecretSink } from './sinks/sink.ts';
import { VaultSink } from './sinks/vault.ts';
import { proveKey } from './storage/proof.ts';
import { S3ObjectStore } from './storage/s3.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { Redactor } from './telemetry/redact.ts';
import { loadTemplate } from './workspace/template.ts';
import { Workspaces } from './workspace/workspace.ts';

/** A running daemon; disposing it drains and stops within 10 s. */
export interface Daemon extends AsyncDisposable {
  /** Where it listens, for example `http://127.0.0.1:8090`. */
  readonly url: string;
  readonly log: Logger;
}

export const version = '0.1.0';
const lookUpSlots = 4;
/** Jobs get this long to end when the daemon stops; the rest of the 10 s is for closing. */
const drainMs = 7000;
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
  const log = createDaemonLogger(env, redactor, logStream);
  const metrics = createMetrics();
  const template = await loadTemplate(resolve(env.PROV_TEMPLATE_PATH));
  const database = started.use(await openDatabase(env.PROV_DATABASE_URL));
  const queue = started.use(await openQueue(database, log));
  const parts = await assembleParts(env, { started, redactor, log, metrics, template, database, queue });
  await mkdir(env.PROV_CONTROL_PATH, { recursive: true });

  const resync = started.use(
    createResync(parts, {
      intervalMs: env.PROV_RESYNC_INTERVAL,
      chunk: env.PROV_CONCURRENCY,
      keepHistoryMs: env.PROV_HISTORY_RETENTION,
    }),
  );
  started.use(startAlarmClock(parts, env.PROV_CONTROL_PATH));
  const state = { accepting: true };
  const server = await listen(env, createApp(env, parts, state));
  started.defer(() => close(server));
  startWorkers(env, parts, resync, started);
  resync.start();
  announce(env, log);

  const { address, port } = server.address() as AddressInfo;
  const host = address.includes(':') ? `[${address}]` : address;
  const stop = async () => {
    state.accepting = false;
    log.info('stopping');
    await started.disposeAsync();
    log.info('stopped');
  };
  return { url: `http://${host}:${port}`, log, [Symbol.asyncDispose]: stop };
}

interface Foundations {
  readonly started: AsyncDisposableStack;
  readonly redactor: Redactor;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly template: Awaited<ReturnType<typeof loadTemplate>>;
  readonly database: Awaited<ReturnType<typeof openDatabase>>;
  readonly queue: Queue;
}

async function assembleParts(env: Environment, foundations: Foundations): Promise<ReconcileParts> {
  const { started, redactor, log, metrics, template, database, queue } = foundations;
  const place = { endpoint: env.S3_ENDPOINT, region: env.S3_REGION, bucket: env.S3_BUCKET };
  const admin = { accessKeyId: env.S3_ACCESS_KEY, secretAccessKey: env.S3_SECRET_KEY };
  const store = started.use(new S3ObjectStore({ ...place, ...admin }));
  const findIssuer = issuerFinder({
    ...place,
    ...admin,
    api: env.PROV_ISSUER,
    iamEndpoint: env.PROV_IAM_ENDPOINT,
    credentials: env.PROV_CREDENTIALS === 'keys' ? 'keys' : { seconds: env.PROV_SESSION_LIFETIME / 1000 },
    stsEndpoint: env.PROV_STS_ENDPOINT,
    users: { permissionsBoundary: env.PROV_AWS_PERMISSIONS_BOUNDARY, path: env.PROV_AWS_IAM_PATH },
    onFound: ({ kind: { store: name, credentials, limits } }) =>
      log.info('found the store’s identity API', { store: name, credentials, ...limits }),
  });
  const workspaces = new Workspaces({
    root: resolve(env.PROV_TEMPLATE_OUTPUT_PATH),
    owner: { uid: env.PROV_WORKSPACE_UID, gid: env.PROV_WORKSPACE_GID },
  });
  const sink = createSink(env, database, workspaces);
  const portal = createPortalClient({
    baseUrl: env.PROV_DPP_API_URL,
    auth: portalAuth(env),
    registerSecret: (secret) => redactor.register(secret),
    forgetSecret: (secret) => redactor.forget(secret),
    onRequest: (route, status, ms) => metrics.portalRequest(route, String(status), ms),
  });
  return {
    database,
    queue,
    portal,
    store,
    findIssuer,
    sink,
    workspaces,
    proveKey: (key, claim) => proveKey(key, claim, { store: place, timeoutMs: env.PROV_PROOF_TIMEOUT }),
    hideSecret: (secret) => {
      redactor.register(secret);
      return () => redactor.forget(secret);
    },
    settings: {
      bucket: env.S3_BUCKET,
      region: env.S3_REGION,
      workspaceEndpoint: env.S3_WORKSPACE_ENDPOINT ?? env.S3_ENDPOINT,
      finalizer: env.PROV_FINALIZER === '' ? null : env.PROV_FINALIZER,
      rotateOnAccessChange: env.PROV_ROTATE_ON_ACCESS_CHANGE,
      template,
      secretReference: (product, home) => (sink === null ? {} : sink.reference({ product, home })),
      keyGraceMs: env.PROV_KEY_GRACE,
      purgeOnDelete: env.PROV_ON_DELETE === 'purge',
      brake: {
        percent: env.PROV_BRAKE_PERCENT,
        minimum: env.PROV_BRAKE_MINIMUM,
        windowMs: env.PROV_BRAKE_WINDOW,
      },
    },
    canary: canaryHome,
    log,
    metrics,
    clock: () => new Date(),
    random: Math.random,
  };
}

function createCredentials({ database, findIssuer, hideSecret, log }: ReconcileParts): express.Router {
  const sessions = new OpenSessions(findIssuer, hideSecret);
  return createCredentialsRouter({
    log,
    hash: tokenDigest,
    digestOf: (product) => findTokenDigest(database.sql, product),
    session: (product) => sessions.sessionOf(principalNameOf(product)),
  });
}

/** `null`: secrets stay in the workspaces. */
function createSink(env: Environment, database: Database, workspaces: Workspaces): SecretSink | null {
  const { PROV_SECRET_PREFIX: prefix, PROV_VAULT_MOUNT: mount } = env;
  if (env.PROV_CREDENTIALS_URL !== undefined) {
    return new CredentialEndpointSink({
      url: env.PROV_CREDENTIALS_URL,
      mount: env.PROV_WORKSPACE_MOUNT,
      tokens: {
        read: ({ home }) => workspaces.readGuarded(home, tokenFile),
        write: ({ home }, token) => workspaces.writeGuarded(home, tokenFile, token),
      },
      books: {
        digest: (product) => findTokenDigest(database.sql, product),
        note: (product, digest) => noteTokenDigest(database.sql, product, digest),
        current: (product) => findCurrentKey(database.sql, product),
      },
    });
  }
  switch (env.PROV_SECRET_SINK) {
    case 'env':
      return null;
    case 'vault':
      return new VaultSink({ vault: new VaultKv(vaultOptionsOf(env)), mount, prefix });
    case 'aws-sm':
      return new AwsSecretsManagerSink({
        endpoint: env.PROV_AWS_SECRETS_ENDPOINT,
        region: env.S3_REGION,
        prefix,
      });
    case 'kubernetes':
      return new KubernetesSink({
        api: env.PROV_KUBERNETES_API,
        namespace: env.PROV_KUBERNETES_NAMESPACE,
        tokenFile: env.PROV_KUBERNETES_TOKEN_FILE,
      });
  }
}

function portalAuth(env: Environment): PortalAuth {
  if (env.PORTAL_API_KEY !== undefined) return { kind: 'api-key', key: env.PORTAL_API_KEY };
  const { PORTAL_CLIENT_ID: clientId, PORTAL_CLIENT_SECRET: clientSecret, PORTAL_TOKEN_URL: tokenUrl } = env;
  if (clientId === undefined || clientSecret === undefined || tokenUrl === undefined) return { kind: 'none' };
  return { kind: 'client-credentials', tokenUrl, clientId, clientSecret, scope: env.PORTAL_SCOPE };
}

function startWorkers(
  env: Environment,
  parts: ReconcileParts,
  resync: ReturnType<typeof createResync>,
  started: AsyncDisposableStack,
): void {
  const { queue, log } = parts;
  const reconcile = createWorker({
    queue,
    name: queueNames.reconcile,
    slots: env.PROV_CONCURRENCY,
    log,
    run: (data) => {
      const { product, cause } = ReconcileJob.parse(data);
      return reconcileProduct(parts, product, cause);
    },
  });
  const lookUps = createWorker({
    queue,
    name: queueNames.lookUp,
    slots: lookUpSlots,
    log,
    run: async (data) => {
      const job = LookUpJob.parse(data);
      try {
        await lookUpAffected(parts, resync, job.lookUp, job.cause);
      } catch (error) {
        await queue.lookUp([job], lookUpRetryMs);
        throw error;
      }
    },
  });
  for (const worker of [reconcile, lookUps]) {
    started.defer(() => worker.stop(drainMs));
    worker.start();
  }
}

function createApp(
  env: Environment,
  parts: ReconcileParts,
  state: { readonly accepting: boolean },
): express.Express {
  const { database, queue, log, metrics, portal, store, findIssuer, workspaces } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(
    createIntakeRouter({
      deliveries: createDeliveries(database, queue),
      secrets: {
        v1: env.WEBHOOK_SECRET ?? [],
        tokens: env.WEBHOOK_V2_TOKEN ?? [],
        standard: env.WEBHOOK_V2_SECRET ?? [],
        allowUnsigned: env.PROV_ALLOW_UNSIGNED,
      },
      log,
      metrics,
    }),
  );
  app.use(
    createHealthRouter({
      version,
      metrics,
      accepting: () => state.accepting,
      refreshGauges: () => refreshGauges(parts),
      dependencies: [
        { name: 'database', check: () => sql`select 1`.execute(database.sql) },
        { name: 'portal', check: () => portal.version() },
        { name: 'store', check: () => store.check() },
        {
          name: 'identity',
          check: async () => (await findIssuer()).check(),
          facts: async () => (await findIssuer()).kind,
        },
        { name: 'workspaces', check: () => workspaces.check() },
      ],
    }),
  );
  if (env.PROV_CREDENTIALS_URL !== undefined) app.use(createCredentials(parts));
  app.use((_request, response) => void response.status(404).json({ error: 'There is nothing here.' }));
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const status = httpStatusOf(error);
    if (status >= 500)
      log.error('a request failed', { error: error instanceof Error ? error.message : String(error) });
    response
      .status(status)
      .json({ error: status === 413 ? 'The body is larger than 1 MiB.' : 'The request failed.' });
  });
  return app;
}

/** The status that express's own body reader gives its errors (413, 400), else 500. */
function httpStatusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}

async function refreshGauges({ database, queue, metrics }: ReconcileParts): Promise<void> {
  const [counts, brake] = await Promise.all([countByCondition(database.sql), readBrake(database.sql)]);
  metrics.products(counts);
  metrics.brake(brake !== null);
  for (const name of Object.values(queueNames)) {
    const { waiting, running } = await queue.depth(name);
    metrics.queue(name, waiting, running);
  }
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
  await promise;
}

function createDaemonLogger(
  env: Environment,
  redactor: Redactor,
  stream: NodeJS.WritableStream | undefined,
): Logger {
  const onTerminal = stream === undefined && process.stdout.isTTY === true;
  const format = env.PROV_LOG_FORMAT === 'auto' ? (onTerminal ? 'pretty' : 'json') : env.PROV_LOG_FORMAT;
  const colour = onTerminal && process.env.NO_COLOR === undefined;
  return createLogger({
    format,
    level: env.PROV_LOG_LEVEL,
    colour,
    redactor,
    ...(stream === undefined ? {} : { stream }),
  });
}

function announce(env: Environment, log: Logger): void {
  const noV1 = (env.WEBHOOK_SECRET ?? []).length === 0;
  const noV2 = (env.WEBHOOK_V2_TOKEN ?? []).length === 0 && (env.WEBHOOK_V2_SECRET ?? []).length === 0;
  if (env.PROV_ALLOW_UNSIGNED && (noV1 || noV2)) {
    const generations = [noV1 && noV2 ? 'v1' : null, noV2 ? 'v2' : null].filter((each) => each !== null);
    log.warn('webhooks are accepted WITHOUT ANY PROOF (PROV_ALLOW_UNSIGNED=true)', { generations });
  }
  log.info('started', {
    version,
    portal: env.PROV_DPP_API_URL,
    store: env.S3_ENDPOINT,
    bucket: env.S3_BUCKET,
  });
}
