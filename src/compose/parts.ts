/** Settings → the parts that reconciling works with, each behind its port. */
import { resolve } from 'node:path';
import type { Environment } from '../config/schema.ts';
import type { Database } from '../db/connection.ts';
import { claimGroup } from '../db/workspace-groups.ts';
import { canaryHome } from '../model/home.ts';
import { createPortalClient } from '../portal/create-client.ts';
import { Echoes } from '../portal/echoes.ts';
import { EstatePauseView } from '../reconcile/pause.ts';
import { proveKey } from '../storage/proof.ts';
import { S3ObjectStore } from '../storage/s3.ts';
import { push } from '../workspace/push.ts';
import { type WorkspaceOptions, Workspaces } from '../workspace/workspace.ts';
import { adminOf, placeOf, portalOptionsOf } from './connections.ts';
import type { Foundations } from './foundations.ts';
import { createGates } from './gates.ts';
import { groundIn, reconcileSettings } from './settings.ts';
import { createSink } from './sink.ts';
import { StoreKnowledge } from './store-knowledge.ts';
import type { BareParts } from './watched.ts';

/** Puts the parts together; what must be closed is left to `started`. */
export function assembleParts(env: Environment, foundations: Foundations): BareParts {
  const { started, redactor, log, metrics, tracer, platform, database, queue } = foundations;
  const gates = createGates(env, foundations, {
    portal: () => portal,
    store: () => store,
    findIssuer: () => findIssuer(),
  });
  const place = { ...placeOf(env), gate: gates.store };
  const store = started.use(new S3ObjectStore({ ...place, ...adminOf(env) }));
  const proof = { store: place, timeoutMs: env.PROV_PROOF_TIMEOUT };
  const knowledge = started.use(new StoreKnowledge(env, { store, database, log }, gates.identity));
  const { findIssuer } = knowledge;
  void knowledge.ask(log);
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
    storeReport: () => knowledge.report(),
    sink,
    workspaces,
    proveKey: (key, claim) => proveKey(key, claim, proof),
    push,
    hideSecret: (secret) => {
      redactor.register(secret);
      return () => redactor.forget(secret);
    },
    settings,
    ground: () => groundIn(env, settings),
    echoes: new Echoes(),
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
