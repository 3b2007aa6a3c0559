/** The parts with somebody watching their calls: metrics, and traces where they are wanted. */
import type { Issuer } from '../identity/issuer.ts';
import { ProvisionerError } from '../model/errors.ts';
import type { PortalClient } from '../portal/client.ts';
import type { ReconcileParts } from '../reconcile/parts.ts';
import { Published } from '../reconcile/published.ts';
import type { SecretSink } from '../sinks/sink.ts';
import { StandingMarkers } from '../storage/standing-markers.ts';
import type { ObjectStore } from '../storage/store.ts';
import { type AroundCall, type Calls, watchCalls } from '../telemetry/calls.ts';
import type { Archive } from '../workspace/archive.ts';
import type { PushOutcome } from '../workspace/push.ts';
import type { Workspaces } from '../workspace/workspace.ts';

/** Before what makes use of others is built on them. */
export type BareParts = Omit<ReconcileParts, 'published' | 'markers'>;

/** Calls that leave the process. What only asks whether somebody is there (health) is not among them. */
export function watchParts(parts: BareParts, around: AroundCall): ReconcileParts {
  const watchIssuer = remembered((issuer: Issuer) => watchCalls('identity', issuer, identityCalls, around));
  const store = watchCalls('store', parts.store, storeCalls, around);
  const workspaces = watchCalls('workspace', parts.workspaces, workspaceCalls, around, {
    archived: watchCalls('archive', parts.workspaces.archived, archiveCalls, around),
  });
  return {
    ...parts,
    portal: watchCalls('portal', parts.portal, portalCalls, around),
    store,
    markers: new StandingMarkers(store, parts.clock),
    findIssuer: async () => watchIssuer(await parts.findIssuer()),
    workspaces,
    published: new Published({ store, workspaces, log: parts.log }),
    sink: parts.sink === null ? null : watchCalls('sink', parts.sink, sinkCalls, around),
    proveKey: (...words) => around('store', 'proveKey', () => parts.proveKey(...words)),
    push: watchPush(parts.push, around),
  };
}

const identityCalls: Calls<Issuer> = {
  observe: true,
  ensurePrincipal: true,
  putPolicy: true,
  createKey: true,
  renewKey: true,
  disableKey: true,
  deleteKey: true,
  deletePrincipal: true,
  check: false,
};

const portalCalls: Calls<PortalClient> = {
  version: false,
  survey: true,
  listProducts: true,
  readProduct: true,
  listConsumers: true,
  listOutputPorts: true,
  portsOfAsset: true,
  listProviders: true,
  addFinalizer: true,
  removeFinalizer: true,
};

const storeCalls: Calls<ObjectStore> = {
  readMarker: true,
  writeMarker: true,
  readPointer: true,
  writePointer: true,
  listTables: true,
  readColumns: true,
  purge: true,
  check: false,
};

const workspaceCalls: Calls<Workspaces> = {
  observe: true,
  listRendered: true,
  findLeak: true,
  updateFiles: true,
  foreseeConflicts: true,
  commit: true,
  tipsOf: true,
  writeEnv: true,
  readGuarded: true,
  readContract: true,
  writeGuarded: true,
  archive: true,
  restore: true,
  list: true,
  check: false,
};

const archiveCalls: Calls<Archive> = { holds: true, list: true, newestOf: true, drop: true };

const sinkCalls: Calls<SecretSink> = { put: true, read: true, remove: true };

/** A push that failed is told as a value; who watches hears of it as of any failure. */
function watchPush(push: ReconcileParts['push'], around: AroundCall): ReconcileParts['push'] {
  return async (order) => {
    let outcome: PushOutcome | undefined;
    try {
      return await around('remote', 'push', async () => {
        outcome = await push(order);
        if (outcome.kind === 'failed') throw new ProvisionerError('REMOTE_UNAVAILABLE', outcome.why);
        return outcome;
      });
    } catch (thrown) {
      if (outcome !== undefined) return outcome;
      throw thrown;
    }
  };
}

/** The same answer for the same thing. */
function remembered<T extends object>(make: (thing: T) => T): (thing: T) => T {
  const made = new WeakMap<T, T>();
  return (thing) => {
    const known = made.get(thing) ?? make(thing);
    made.set(thing, known);
    return known;
  };
}
