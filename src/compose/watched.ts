/** The parts with somebody watching their calls: metrics, and traces where they are wanted. */
import type { Issuer } from '../identity/issuer.ts';
import type { ReconcileParts } from '../reconcile/parts.ts';
import { type AroundCall, watchCalls } from '../telemetry/calls.ts';

/** Calls that leave the process. Those that only ask whether it is there (health) are not among them. */
export function watchParts(parts: ReconcileParts, around: AroundCall): ReconcileParts {
  const watchIssuer = remembered((issuer: Issuer) =>
    watchCalls(
      'identity',
      issuer,
      [
        'observe',
        'ensurePrincipal',
        'putPolicy',
        'createKey',
        'renewKey',
        'disableKey',
        'deleteKey',
        'deletePrincipal',
      ],
      around,
    ),
  );
  return {
    ...parts,
    portal: watchCalls(
      'portal',
      parts.portal,
      [
        'survey',
        'listProducts',
        'readProduct',
        'listConsumers',
        'listOutputPorts',
        'portsOfAsset',
        'listProviders',
        'addFinalizer',
        'removeFinalizer',
      ],
      around,
    ),
    store: watchCalls(
      'store',
      parts.store,
      ['readMarker', 'writeMarker', 'listTables', 'readColumns', 'purge'],
      around,
    ),
    findIssuer: async () => watchIssuer(await parts.findIssuer()),
    workspaces: watchCalls(
      'workspace',
      parts.workspaces,
      ['observe', 'updateFiles', 'commit', 'writeEnv', 'archive'],
      around,
    ),
    sink: parts.sink === null ? null : watchCalls('sink', parts.sink, ['put', 'read', 'remove'], around),
    proveKey: (...words) => around('store', 'proveKey', () => parts.proveKey(...words)),
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
