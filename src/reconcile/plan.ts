/**
 * Decides, and only decides: `plan(desired, observed)` compares the wish with what is there and lists the steps between
 * them. Pure: no I/O, no clock of its own, no randomness.
 */
import type { PolicyDocument } from '../grants/policy.ts';
import { samePolicy } from '../grants/policy.ts';
import type { Action, Plan, Step } from '../model/action.ts';
import type { HomeName } from '../model/home.ts';
import { planFiles, type WantedFile } from './plan-files.ts';

/** A product that should have a home. */
export interface DesiredHome {
  readonly kind: 'home';
  readonly home: HomeName;
  /** Name of our finalizer; `null` = none wanted. */
  readonly finalizer: string | null;
  readonly policy: PolicyDocument;
  readonly readable: readonly HomeName[];
  /** Ports whose grants should be in force, sorted. */
  readonly grants: readonly string[];
  readonly files: readonly WantedFile[];
  /** Whether workspaces have a history. */
  readonly history: boolean;
  /** The template has a new version that this product does not follow yet: files stay as they are. */
  readonly holdFiles: boolean;
  /** The block of `.env` without the credentials. */
  readonly env: Readonly<Record<string, string>>;
  readonly rotateOnAccessChange: boolean;
  /** Why a person, or a leak, asked for a new key. */
  readonly rotateWhy: string | null;
  /** A lasting key is replaced when it is so old; `null` = never. */
  readonly keyMaxAgeMs: number | null;
  readonly keysPerPrincipal: number;
  /** Lasting keys, or ones that end by themselves. */
  readonly credentials: 'keys' | 'sessions';
}

/** A product that should have nothing (any more). */
export interface DesiredNothing {
  readonly kind: 'nothing';
  readonly home: HomeName;
  /** Our finalizer is on the product and must go last. */
  readonly finalizerHeld: boolean;
  readonly purge: boolean;
}

export type Desired = DesiredHome | DesiredNothing;

/** An access key: what the store lists, joined with our books. */
export interface ObservedKey {
  readonly id: string;
  readonly active: boolean;
  /** `unknown`: in the store, not in our books. */
  readonly state: 'issued' | 'current' | 'grace' | 'unknown';
  readonly graceUntilMs: number | null;
  /** When it ends by itself; `null` = never. */
  readonly expiresAtMs: number | null;
  readonly issuedAtMs: number;
  /** Digest of its secret; `null` when unknown. */
  readonly secretSha256: string | null;
}

/** The managed block found in `.env`. */
export interface ObservedEnv {
  /** Everything but the credentials. */
  readonly entries: Readonly<Record<string, string>>;
  readonly keyId: string;
  readonly secretSha256: string;
  /** The file has the mode and owner it should have. */
  readonly guarded: boolean;
  /** How others can have read the key; `null`: not that we know. */
  readonly exposed: string | null;
}

export interface Observed {
  readonly finalizers: readonly string[];
  readonly marked: boolean;
  readonly principalExists: boolean;
  readonly policy: unknown;
  readonly keys: readonly ObservedKey[];
  /** Path → digest of what lies there; absent = no file. */
  readonly files: Readonly<Record<string, string>>;
  /** Path → digest of what was last rendered. */
  readonly rendered: Readonly<Record<string, string>>;
  /** The workspace's history has begun, or none is wanted. */
  readonly history: boolean;
  /** Files whose new version lies beside them, for a person to look at. */
  readonly conflicts: readonly string[];
  readonly env: ObservedEnv | null;
  readonly grants: readonly string[];
  readonly workspaceExists: boolean;
  /** Folder of the workspace in the archive, where it can be brought back from. */
  readonly archive: string | null;
  readonly nowMs: number;
}

/** Collects steps; `add` returns the step's index for others to wait for. */
class PlanBuilder {
  readonly steps: Step[] = [];

  add(action: Action, after: readonly (number | null)[] = []): number {
    this.steps.push({ action, after: after.filter((index) => index !== null) });
    return this.steps.length - 1;
  }

  addIf(condition: boolean, action: Action, after: readonly (number | null)[] = []): number | null {
    return condition ? this.add(action, after) : null;
  }
}

/** The steps from what is there to what should be; empty when it is so already. */
export function plan(desired: Desired, observed: Observed): Plan {
  return desired.kind === 'home' ? planHome(desired, observed) : planRetirement(desired, observed);
}

function planHome(desired: DesiredHome, observed: Observed): Plan {
  const steps = new PlanBuilder();
  if (observed.archive !== null && !observed.workspaceExists) {
    // All the rest is decided by what lies in it: that is the next run's.
    steps.add({ kind: 'restore-workspace', home: desired.home, from: observed.archive });
    return steps.steps;
  }
  const { finalizer } = desired;
  const held = steps.addIf(finalizer !== null && !observed.finalizers.includes(finalizer), {
    kind: 'add-finalizer',
  });
  const marked = steps.addIf(!observed.marked, { kind: 'mark-prefix', home: desired.home }, [held]);
  const principal = steps.addIf(!observed.principalExists, { kind: 'create-principal' }, [held]);
  const policy = steps.addIf(
    !samePolicy(desired.policy, observed.policy),
    { kind: 'put-policy', inputs: desired.readable },
    [principal],
  );
  const files = desired.holdFiles ? null : addFiles(steps, desired, observed, [held]);
  const keys = planKeys(steps, desired, observed, [held, marked, policy]);
  // People wait for their keys, not for the history.
  steps.addIf(files !== null && desired.history, { kind: 'commit-files' }, [files, keys]);
  steps.addIf(!observed.marked, { kind: 'wake-neighbours', why: 'this home is new' }, [marked]);
  return steps.steps;
}

function addFiles(
  steps: PlanBuilder,
  { files }: DesiredHome,
  observed: Observed,
  after: readonly (number | null)[],
): number | null {
  const { write, merge, remove, rendered } = planFiles(files, {
    live: observed.files,
    rendered: observed.rendered,
  });
  const nothing =
    [write, merge, remove].every((paths) => paths.length === 0) &&
    sameEntries(rendered, observed.rendered) &&
    observed.history;
  return steps.addIf(!nothing, { kind: 'update-files', write, merge, remove, rendered }, after);
}

/**
 * Keys and `.env`. The `.env` tells which key people work with: it counts when the store lists it as active and its
 * secret is the one we wrote. Everything that came between (a kill at any point) is found again here.
 */
function planKeys(
  steps: PlanBuilder,
  desired: DesiredHome,
  observed: Observed,
  ready: readonly (number | null)[],
): number | null {
  const inUse = keyInUse(observed);
  const accessChanged = desired.grants.join() !== observed.grants.join();
  const forgotten = keyToRecognise(desired, observed);
  if (forgotten !== null) {
    // Books that were lost: what is in use stays in use, once it has shown that it opens what it should.
    const proven = steps.add({ kind: 'prove-env-key', key: forgotten }, ready);
    const adopted = steps.add({ kind: 'adopt-key', key: forgotten }, [proven]);
    steps.add({ kind: 'record-grants' }, [adopted]);
    return adopted;
  }
  const why =
    reasonToRenew(desired, inUse, observed.nowMs) ??
    reasonForNewKey(inUse, accessChanged && desired.rotateOnAccessChange, observed.env !== null) ??
    reasonToRotate(desired, inUse, observed);
  const cleared = dropKeys(steps, desired, observed, inUse, why !== null);
  if (why !== null) {
    const issued = steps.add({ kind: 'issue-key', why }, [...ready, ...cleared]);
    const proven = steps.add({ kind: 'prove-key' }, [issued]);
    const written = steps.add({ kind: 'write-env', why }, [proven]);
    return steps.add({ kind: 'hand-over-key' }, [written]);
  }
  if (inUse !== null && inUse.state !== 'current') steps.add({ kind: 'adopt-key', key: inUse.id });
  if (observed.env !== null && (!observed.env.guarded || !sameEntries(desired.env, observed.env.entries))) {
    steps.add({ kind: 'write-env', why: 'its managed lines differ' }, ready);
  }
  if (accessChanged) steps.add({ kind: 'record-grants' }, ready);
  return null;
}

/** The key of `.env` that the store knows, when our books know no key at all and the store's policy is the wanted one. */
function keyToRecognise(desired: DesiredHome, { env, keys, policy }: Observed): string | null {
  if (env === null || keys.length === 0 || desired.credentials === 'sessions') return null;
  if (env.exposed !== null || keys.some((key) => key.state !== 'unknown')) return null;
  const known = keys.find((key) => key.id === env.keyId && key.active);
  return known === undefined || !samePolicy(desired.policy, policy) ? null : known.id;
}

function reasonToRotate(
  { rotateWhy, keyMaxAgeMs }: DesiredHome,
  inUse: ObservedKey | null,
  { env, nowMs }: Observed,
): string | null {
  if (inUse === null) return null;
  if (env?.exposed != null) return `the one in use may be known to others: ${env.exposed}`;
  if (rotateWhy !== null) return rotateWhy;
  const old = keyMaxAgeMs !== null && inUse.expiresAtMs === null && nowMs >= inUse.issuedAtMs + keyMaxAgeMs;
  return old ? `the one in use is ${Math.floor((nowMs - inUse.issuedAtMs) / 86_400_000)} days old` : null;
}

/** A session is renewed at half its life, as long as that is: a store may give less than was asked for. */
function reasonToRenew(
  { credentials }: DesiredHome,
  inUse: ObservedKey | null,
  nowMs: number,
): string | null {
  if (inUse === null) return null;
  const { issuedAtMs, expiresAtMs } = inUse;
  if (expiresAtMs === null)
    return credentials === 'sessions' ? 'sessions take the place of lasting keys' : null;
  return nowMs >= renewalMs(issuedAtMs, expiresAtMs) ? 'the one in use ends by itself' : null;
}

/** When a key that ends by itself is due to be replaced. */
export function renewalMs(issuedAtMs: number, expiresAtMs: number): number {
  return issuedAtMs + (expiresAtMs - issuedAtMs) / 2;
}

function keyInUse(observed: Observed): ObservedKey | null {
  const { env } = observed;
  if (env === null) return null;
  const key = observed.keys.find((each) => each.id === env.keyId);
  return key?.active === true && key.secretSha256 === env.secretSha256 ? key : null;
}

function reasonForNewKey(inUse: ObservedKey | null, accessChanged: boolean, hasEnv: boolean): string | null {
  if (inUse === null) return hasEnv ? 'the key in .env is not the product’s' : 'the workspace has none';
  if (inUse.state === 'grace') return 'the key in .env is an old one';
  // Issued for this very change by a run that was killed before it could say so: recognised, not replaced.
  if (inUse.state === 'issued') return null;
  return accessChanged ? 'its access changed' : null;
}

/**
 * Keys that must go: not in our books, never handed over, over their grace, or in the way of a new one when the store
 * allows no more (the oldest first, never the one in use).
 */
function dropKeys(
  steps: PlanBuilder,
  desired: DesiredHome,
  observed: Observed,
  inUse: ObservedKey | null,
  needsRoom: boolean,
): number[] {
  const others = observed.keys.filter((key) => key !== inUse);
  const doomed = new Map<string, string>();
  for (const key of others) {
    const why = reasonToDrop(key, observed.nowMs);
    if (why !== null) doomed.set(key.id, why);
  }
  if (needsRoom) {
    const staying = others.filter((key) => !doomed.has(key.id)).sort((a, b) => a.issuedAtMs - b.issuedAtMs);
    const room = desired.keysPerPrincipal - 1 - (inUse === null ? 0 : 1);
    for (const key of staying.slice(0, Math.max(0, staying.length - room))) {
      doomed.set(key.id, 'the store allows no further key beside it');
    }
  }
  return [...doomed].map(([key, why]) => steps.add(endOf(key, why, others)));
}

/** A store ends lasting keys; a session ends by itself. */
function endOf(key: string, why: string, all: readonly ObservedKey[]): Action {
  const isSession = all.some(({ id, expiresAtMs }) => id === key && expiresAtMs !== null);
  return { kind: isSession ? 'forget-session' : 'delete-key', key, why };
}

function reasonToDrop(key: ObservedKey, nowMs: number): string | null {
  if (key.state === 'unknown') return 'it is not in our books';
  if (key.state === 'issued') return 'it was never handed over';
  if (!key.active) return 'it is gone, switched off or has other rights';
  if (key.state === 'grace' && (key.graceUntilMs ?? 0) <= nowMs) return 'its grace period is over';
  return null;
}

function sameEntries(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}

/** Everything that opens the door goes first, what people made is kept, and the portal is let go last. */
function planRetirement(desired: DesiredNothing, observed: Observed): Plan {
  const steps = new PlanBuilder();
  const begun = steps.add({ kind: 'begin-retirement' });
  const keys = observed.keys.map((key) =>
    steps.add(endOf(key.id, 'the product is gone', observed.keys), [begun]),
  );
  const principal = steps.addIf(
    // One that is not as it should be has its policy all the same.
    observed.principalExists || observed.policy !== null,
    { kind: 'delete-principal' },
    [begun, ...keys],
  );
  const woken = steps.add({ kind: 'wake-neighbours', why: 'this product is gone' }, [begun]);
  const archived = steps.addIf(observed.workspaceExists, { kind: 'archive-workspace', home: desired.home }, [
    begun,
    principal,
  ]);
  const purged = steps.addIf(desired.purge, { kind: 'purge-data', home: desired.home }, [begun, principal]);
  const released = steps.addIf(desired.finalizerHeld, { kind: 'remove-finalizer' }, [
    woken,
    archived,
    purged,
    principal,
  ]);
  steps.add({ kind: 'finish-retirement' }, [woken, archived, purged, principal, released]);
  return steps.steps;
}
