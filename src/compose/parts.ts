/** Settings → the parts that reconciling works with, each behind its port. */
import { resolve } from 'node:path';
import type { Environment } from '../config/schema.ts';
import type { Database } from '../db/connection.ts';
import { whileLeased } from '../db/lease.ts';
import { claimGroup } from '../db/workspace-groups.ts';
import { issuerFinder } from '../identity/find-issuer.ts';
import type { Capabilities } from '../identity/probe.ts';
import { canaryHome } from '../model/home.ts';
import { createPortalClient } from '../portal/create-client.ts';
import type { ReconcileParts } from '../reconcile/parts.ts';
import { EstatePauseView } from '../reconcile/pause.ts';
import { Published } from '../reconcile/published.ts';
import { proveKey } from '../storage/proof.ts';
import { S3ObjectStore } from '../storage/s3.ts';
import { type WorkspaceOptions, Workspaces } from '../workspace/workspace.ts';
import { adminOf, issuerOptionsOf, placeOf, portalOptionsOf, probeThrowAway } from './connections.ts';
import type { Foundations } from './foundations.ts';
import { createGates } from './gates.ts';
import { findCapabilities } from './probing.ts';
import { groundIn, reconcileSettings } from './settings.ts';
import { createSink } from './sink.ts';

/** Puts the parts together; what must be closed is left to `started`. */
export function assembleParts(env: Environment, foundations: Foundations): ReconcileParts {
  const { started, redactor, log, metrics, tracer, platform, database, queue } = foundations;
  const gates = createGates(env, foundations, {
    portal: () => portal,
    store: () => store,
    findIssuer: () => findIssuer(),
  });
  const place = { ...placeOf(env), gate: gates.store };
  const store = started.use(new S3ObjectStore({ ...place, ...adminOf(env) }));
  const findIssuer = issuerFinder({
    ...issuerOptionsOf(env),
    gate: gates.identity,
    onFound: (issuer) => {
      const { store: name, credentials, limits, fixedForMs } = issuer.kind;
      log.info('found the store’s identity API', { store: name, credentials, ...limits });
      if (fixedForMs !== null)
        log.warn('sessions keep access that was taken away', { store: name, forSeconds: fixedForMs / 1000 });
      if (env.PROV_OBSERVE_ONLY) {
        log.info('the store is not probed, as nothing is applied here', { store: name });
        return;
      }
      const { signal } = stopping;
      const work = () => probeThrowAway(env, store, issuer, 'dp-probe');
      const probe = () => whileLeased(database.sql, { name: 'store-probe', leaseMs: 15_000, signal, work });
      probing = findCapabilities({ probe, store: name, log, signal }).then((found) => {
        capabilities = found;
      });
    },
  });
  let capabilities: Capabilities | null = null;
  let probing: Promise<void> | null = null;
  // It makes and removes what it needs: let it end before the store's clients do.
  const stopping = new AbortController();
  started.defer(async () => {
    stopping.abort();
    await probing;
  });
  const workspaces = new Workspaces({
    root: resolve(env.PROV_TEMPLATE_OUTPUT_PATH),
    owner: { uid: env.PROV_WORKSPACE_UID, gid: env.PROV_WORKSPACE_GID },
    history: env.PROV_WORKSPACE_GIT,
    ...groupsOf(env, database),
  });
  const sink = createSink(env, database, workspaces);
  const portal = createPortalClient({
    ...portalOptionsOf(env),
    gate: gates.portal,
    registerSecret: (secret) => redactor.register(secret),
    forgetSecret: (secret) => redactor.forget(secret),
    onRequest: (route, status, ms) => metrics.portalRequest(route, String(status), ms),
  });
  const settings = reconcileSettings(env, platform, sink);
  return {
    database,
    queue,
    portal,
    store,
    findIssuer,
    capabilities: () => capabilities,
    sink,
    workspaces,
    published: new Published({ store, workspaces, log }),
    proveKey: (key, claim) => proveKey(key, claim, { store: place, timeoutMs: env.PROV_PROOF_TIMEOUT }),
    hideSecret: (secret) => {
      redactor.register(secret);
      return () => redactor.forget(secret);
    },
    settings,
    ground: () => groundIn(env, settings),
    breakers: gates.breakers,
    estate: new EstatePauseView({ observeOnly: env.PROV_OBSERVE_ONLY }),
    canary: canaryHome,
    log,
    metrics,
    tracer,
    clock: () => new Date(),
    random: Math.random,
  };
}

function groupsOf(
  { PROV_WORKSPACE_GROUP_BASE: base }: Environment,
  { sql }: Database,
): Pick<WorkspaceOptions, 'groupOf'> {
  return base === undefined ? {} : { groupOf: (home, found) => claimGroup(sql, home, base, found) };
}
