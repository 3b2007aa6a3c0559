/** Settings → the parts that reconciling works with, each behind its port. */
import { resolve } from 'node:path';
import type { Environment } from '../config/schema.ts';
import type { Database } from '../db/connection.ts';
import { hastenFailed } from '../db/wake.ts';
import { claimGroup } from '../db/workspace-groups.ts';
import type { Issuer } from '../identity/issuer.ts';
import { canaryHome } from '../model/home.ts';
import type { PortalClient } from '../portal/client.ts';
import { createPortalClient } from '../portal/create-client.ts';
import type { Queue } from '../queue/queue.ts';
import { Breaker } from '../reconcile/breaker.ts';
import type { ReconcileParts } from '../reconcile/parts.ts';
import { EstatePauseView } from '../reconcile/pause.ts';
import { Published } from '../reconcile/published.ts';
import { proveKey } from '../storage/proof.ts';
import { S3ObjectStore } from '../storage/s3.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Redactor } from '../telemetry/redact.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import { type WorkspaceOptions, Workspaces } from '../workspace/workspace.ts';
import { createBudget, useOf } from './budgets.ts';
import { adminOf, placeOf, portalOptionsOf } from './connections.ts';
import type { Platform } from './platform.ts';
import { groundIn, reconcileSettings } from './settings.ts';
import { createSink } from './sink.ts';
import { StoreKnowledge } from './store-knowledge.ts';

/** What failed in an outage is spread over so long when it is over. */
const catchUpSeconds = 20;

/** What is there before the parts. */
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

/** Puts the parts together; what must be closed is left to `started`. */
export function assembleParts(env: Environment, foundations: Foundations): ReconcileParts {
  const { started, redactor, log, metrics, tracer, platform, database, queue } = foundations;
  const place = placeOf(env);
  const store = started.use(new S3ObjectStore({ ...place, ...adminOf(env) }));
  const identityBudget = createBudget({
    concurrency: env.PROV_IDENTITY_CONCURRENCY,
    perSecond: env.PROV_IDENTITY_RATE,
  });
  const knowledge = started.use(new StoreKnowledge(env, { store, database, log }, identityBudget));
  const { findIssuer } = knowledge;
  void knowledge.ask(log);
  const workspaces = new Workspaces({
    root: resolve(env.PROV_TEMPLATE_OUTPUT_PATH),
    owner: { uid: env.PROV_WORKSPACE_UID, gid: env.PROV_WORKSPACE_GID },
    history: env.PROV_WORKSPACE_GIT,
    ...groupsOf(env, database),
  });
  const sink = createSink(env, database, workspaces);
  const portalBudget = createBudget({
    concurrency: env.PROV_PORTAL_CONCURRENCY,
    perSecond: env.PROV_PORTAL_RATE,
  });
  metrics.budget('identity', () => useOf(identityBudget));
  metrics.budget('portal', () => useOf(portalBudget));
  const portal = createPortalClient({
    ...portalOptionsOf(env),
    budget: portalBudget,
    registerSecret: (secret) => redactor.register(secret),
    forgetSecret: (secret) => redactor.forget(secret),
    onRequest: (route, status, ms) => metrics.portalRequest(route, String(status), ms),
  });
  const settings = reconcileSettings(env, platform, sink);
  const breakers = createBreakers(foundations, portal, store, findIssuer);
  for (const breaker of breakers) {
    started.use(breaker);
    metrics.breaker(breaker.name, () => breaker.open);
  }
  return {
    database,
    queue,
    portal,
    store,
    findIssuer,
    storeReport: () => knowledge.report(),
    sink,
    workspaces,
    published: new Published({ store, workspaces, log }),
    proveKey: (key, claim) => proveKey(key, claim, { store: place, timeoutMs: env.PROV_PROOF_TIMEOUT }),
    hideSecret: (secret) => {
      redactor.register(secret);
      return () => redactor.forget(secret);
    },
    settings,
    ground: groundIn(env, settings),
    breakers,
    estate: new EstatePauseView({ observeOnly: env.PROV_OBSERVE_ONLY }),
    canary: canaryHome,
    log,
    metrics,
    tracer,
    clock: () => new Date(),
    random: Math.random,
  };
}

function createBreakers(
  { database, log }: Foundations,
  portal: PortalClient,
  store: ObjectStore,
  findIssuer: () => Promise<Issuer>,
): Breaker[] {
  const onClosed = () => hastenFailed(database.sql, new Date(), catchUpSeconds);
  return [
    new Breaker({ name: 'portal', code: 'PORTAL_UNAVAILABLE', probe: () => portal.version(), onClosed, log }),
    new Breaker({
      name: 'store',
      code: 'STORE_UNAVAILABLE',
      probe: async () => {
        await store.check();
        await (await findIssuer()).check();
      },
      onClosed,
      log,
    }),
  ];
}

function groupsOf(
  { PROV_WORKSPACE_GROUP_BASE: base }: Environment,
  { sql }: Database,
): Pick<WorkspaceOptions, 'groupOf'> {
  return base === undefined ? {} : { groupOf: (home, found) => claimGroup(sql, home, base, found) };
}
