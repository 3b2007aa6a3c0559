/** The HTTP server’s routes: webhooks, health, sessions, logins, the API, the console. */
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { sql } from 'kysely';
import { createCredentialsRouter } from '../api/credentials.ts';
import { createHealthRouter } from '../api/health.ts';
import { createApi } from '../api/v1/router.ts';
import type { Environment } from '../config/schema.ts';
import { createCommands } from '../control/orders.ts';
import { countKeysByAge, listOverdueKeys } from '../db/access-keys.ts';
import { readBrake } from '../db/brake.ts';
import { findTokenDigest } from '../db/credential-tokens.ts';
import { countHomeless } from '../db/homeless.ts';
import { countByCondition } from '../db/products.ts';
import { createDeliveries } from '../intake/deliveries.ts';
import { createIntakeRouter } from '../intake/router.ts';
import { version } from '../model/version.ts';
import { queueNames } from '../queue/jobs.ts';
import type { ReconcileParts } from '../reconcile/parts.ts';
import { createSessionDesk } from '../reconcile/session-desk.ts';
import { tokenDigest } from '../sinks/credential-endpoint.ts';
import type { People } from './people.ts';
import { proofSecretsOf } from './proofs.ts';

/** `state.accepting` turns false while the daemon stops. */
export function createApp(
  env: Environment,
  parts: ReconcileParts,
  state: { readonly accepting: boolean },
  people: People,
  console: Router,
): express.Express {
  const { database, queue, log, metrics, tracer, portal, store, findIssuer, storeReport, workspaces } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_request, response, next) => {
    // Who keeps a connection would meet its end with a webhook already on the way.
    if (!state.accepting) response.set('connection', 'close');
    next();
  });
  app.use(
    createIntakeRouter({
      deliveries: createDeliveries(database, queue, tracer),
      secrets: proofSecretsOf(env),
      log,
      metrics,
      tracer,
      isOwnFinalizer: (product) => parts.echoes.isOwn(product),
    }),
  );
  app.use(
    createHealthRouter({
      version,
      metrics,
      metricsToken: env.PROV_METRICS_TOKEN ?? null,
      accepting: () => state.accepting,
      refreshGauges: () => refreshGauges(parts),
      dependencies: [
        { name: 'database', check: () => sql`select 1`.execute(database.sql) },
        { name: 'portal', check: () => portal.version() },
        { name: 'store', check: () => store.check() },
        {
          name: 'identity',
          check: async () => (await findIssuer()).check(),
          facts: async () => ({ ...storeReport() }),
        },
        { name: 'workspaces', check: () => workspaces.check() },
      ],
    }),
  );
  if (env.PROV_CREDENTIALS_URL !== undefined) app.use(createCredentials(parts));
  app.use(people.login);
  app.use('/api/v1', createApiOf(parts, people));
  app.use(console);
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

async function refreshGauges({ database, queue, metrics, settings }: ReconcileParts): Promise<void> {
  const now = new Date();
  const { sql: db } = database;
  const [counts, homeless, brake, keys, overdue] = await Promise.all([
    countByCondition(db),
    countHomeless(db),
    readBrake(db),
    countKeysByAge(db, now),
    listOverdueKeys(db, now, settings.keyMaxAgeMs),
  ]);
  metrics.products([...counts, { state: 'new', condition: 'Degraded', count: homeless }]);
  metrics.keys(keys, overdue.length);
  metrics.brake(brake !== null);
  for (const name of Object.values(queueNames)) {
    metrics.queue(name, await queue.depth(name));
  }
}

function createApiOf(parts: ReconcileParts, { guard, secure }: People): express.Express {
  const { database, queue, log, clock } = parts;
  const commands = createCommands(parts);
  const jobs = () => queue.depth(queueNames.reconcile);
  const store = parts.storeReport;
  return createApi({ db: database.sql, commands, jobs, store, clock, version, guard, secure, log });
}

function createCredentials(parts: ReconcileParts): express.Router {
  return createCredentialsRouter({
    log: parts.log,
    hash: tokenDigest,
    digestOf: (product) => findTokenDigest(parts.database.sql, product),
    answer: createSessionDesk(parts),
  });
}
