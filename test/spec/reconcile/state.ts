/** Builders for the planner's tests: a product in good order, changed where a test needs it. */
import { assemblePolicy } from '../../../src/grants/policy.ts';
import type { Plan } from '../../../src/model/action.ts';
import type { GrantFacts } from '../../../src/model/grant.ts';
import type { HomeName } from '../../../src/model/home.ts';
import type { OutputPortId } from '../../../src/model/ids.ts';
import type { DesiredHome, Observed, ObservedEnv, ObservedKey } from '../../../src/reconcile/state.ts';

export const home = 'sales' as HomeName;
export const nowMs = 1_800_000_000_000;
const policy = assemblePolicy('data-products', home, []);

export function aWish(change: Partial<DesiredHome> = {}): DesiredHome {
  return {
    kind: 'home',
    home,
    finalizer: 'data-product-provisioner',
    policy,
    readable: [],
    grants: [],
    grantFacts: (change.grants ?? []).map(factsOf),
    files: [
      { path: 'run.sh', digest: 'aa', ownership: 'managed' },
      { path: 'README.md', digest: 'bb', ownership: 'once' },
    ],
    history: true,
    holdFiles: false,
    env: { S3_PREFIX: 'sales/' },
    rotateOnAccessChange: true,
    rotateWhy: null,
    keyMaxAgeMs: null,
    keysPerPrincipal: 2,
    credentials: 'keys',
    fixedPolicy: false,
    ...change,
  };
}

/** What is told of the grant on a port whose end nobody set. */
function factsOf(port: string): GrantFacts {
  return { outputPort: port as OutputPortId, outputPortName: 'Leads', validUntil: null };
}

export function aKey(id: string, change: Partial<ObservedKey> = {}): ObservedKey {
  return {
    id,
    active: true,
    endable: true,
    state: 'current',
    graceUntilMs: null,
    expiresAtMs: null,
    issuedAtMs: 0,
    secretSha256: `digest-${id}`,
    proven: true,
    ...change,
  };
}

/** A session in its first half; it is signed with something else than its name. */
export function aSession(name: string, change: Partial<ObservedKey> = {}): ObservedKey {
  return aKey(name, { issuedAtMs: nowMs - 999, expiresAtMs: nowMs + 1001, ...change });
}

export function anEnv(change: Partial<ObservedEnv> = {}): ObservedEnv {
  return {
    entries: { S3_PREFIX: 'sales/' },
    keyId: 'K1',
    secretSha256: 'digest-K1',
    consistent: true,
    edited: false,
    guarded: true,
    exposed: null,
    provable: true,
    ...change,
  };
}

/** What is there when nothing is to be done. */
export function inOrder(change: Partial<Observed> = {}): Observed {
  return {
    finalizers: ['data-product-provisioner'],
    marked: true,
    principalExists: true,
    policy,
    keys: [aKey('K1')],
    files: { 'run.sh': 'aa', 'README.md': 'edited' },
    rendered: { 'run.sh': 'aa', 'README.md': 'bb' },
    history: true,
    conflicts: [],
    displaced: [],
    env: anEnv(),
    grants: [],
    grantFacts: (change.grants ?? []).map(factsOf),
    workspaceExists: true,
    unseen: false,
    archive: null,
    nowMs,
    ...change,
  };
}

/** What is there for a product that was just created. */
export function nothingThere(): Observed {
  return inOrder({
    finalizers: [],
    marked: false,
    principalExists: false,
    policy: null,
    keys: [],
    files: {},
    rendered: {},
    history: false,
    env: null,
    workspaceExists: false,
  });
}

export function kinds(plan: Plan): string[] {
  return plan.map((step) => step.action.kind);
}
