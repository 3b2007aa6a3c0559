/** Which keys are made, kept and ended, and what stands in `.env`: pure, a part of `plan`. */
import { samePolicy } from '../grants/policy.ts';
import type { Action } from '../model/action.ts';
import { sameGrants } from '../model/grant.ts';
import { type PlanBuilder, sameEntries } from './plan-builder.ts';
import type { DesiredHome, Observed, ObservedKey } from './state.ts';

/** Steps that others wait for. */
export interface Before {
  /** Until the principal is there. */
  readonly principal: readonly (number | null)[];
  /** Until its policy opens what it should, and there is something to open. */
  readonly home: readonly (number | null)[];
  /** Until what has to lie beside a new `.env` does. */
  readonly files: readonly (number | null)[];
  /** The policy is among these steps. */
  readonly policyChanges: boolean;
}

/**
 * Keys and `.env`. The `.env` tells which key people work with: it counts when the store lists it as active and its
 * secret is the one we wrote. Everything that came between (a kill at any point) is found again here.
 */
export function planKeys(
  steps: PlanBuilder,
  desired: DesiredHome,
  observed: Observed,
  before: Before,
): number | null {
  const inUse = keyInUse(observed);
  const accessChanged = desired.grants.join() !== observed.grants.join();
  const unproven = before.policyChanges || inUse?.proven === false;
  const unprovable = unproven && inUse !== null && observed.env?.provable === false;
  const forgotten = keyToRecognise(desired, observed);
  if (forgotten !== null) {
    // Books that were lost: what is in use stays in use, once it has shown that it opens what it should.
    const proven = steps.add({ kind: 'prove-env-key', key: forgotten }, before.home);
    const adopted = steps.add({ kind: 'adopt-key', key: forgotten }, [proven]);
    steps.add({ kind: 'record-grants' }, [adopted]);
    return adopted;
  }
  const why =
    reasonForNewKey(desired, inUse, accessChanged, observed.env !== null) ??
    reasonToReplace(desired, inUse) ??
    reasonToRotate(desired, inUse, observed) ??
    (unprovable && inUse?.expiresAtMs === null ? policyUnproven : null);
  const cleared = dropKeys(steps, desired, observed, inUse, why !== null);
  const handOver = (made: number, reason: string): number => {
    const proven = steps.add({ kind: 'prove-key' }, [made, ...before.home]);
    const written = steps.add({ kind: 'write-env', why: reason }, [proven, ...before.files]);
    return steps.add({ kind: 'hand-over-key' }, [written]);
  };
  // What nobody has yet may be made while its policy is put.
  if (why !== null)
    return handOver(steps.add({ kind: 'issue-key', why }, [...before.principal, ...cleared]), why);
  const renewal = reasonToRenew(inUse, observed.nowMs) ?? (unprovable ? policyUnproven : null);
  if (inUse !== null && renewal !== null) {
    const key = inUse.id;
    return handOver(steps.add({ kind: 'renew-session', key, why: renewal }, before.principal), renewal);
  }
  // Who keeps a key keeps it under a policy that was shown to hold; until then nobody is told of the change.
  const proven = steps.addIf(
    unproven && inUse !== null,
    { kind: 'prove-again', key: inUse?.id ?? '' },
    before.home,
  );
  const settled = [...before.home, proven];
  if (inUse !== null && inUse.state !== 'current') steps.add({ kind: 'adopt-key', key: inUse.id });
  const { env } = observed;
  if (env !== null && !(env.guarded && env.consistent && sameEntries(desired.env, env.entries)))
    steps.add({ kind: 'write-env', why: 'its managed lines differ' }, settled);
  if (!sameGrants(desired.grantFacts, observed.grantFacts)) steps.add({ kind: 'record-grants' }, settled);
  return null;
}

/** The key of `.env` that the store knows, when our books know no key at all and the store's policy is the wanted one. */
function keyToRecognise(desired: DesiredHome, { env, keys, policy }: Observed): string | null {
  if (env === null || keys.length === 0 || desired.credentials === 'sessions') return null;
  if (!env.provable || env.exposed !== null || keys.some((key) => key.state !== 'unknown')) return null;
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
  // It is the new one: a run that was killed before it could say so made it.
  if (inUse.state === 'issued') return null;
  if (rotateWhy !== null) return rotateWhy;
  const old = keyMaxAgeMs !== null && inUse.expiresAtMs === null && nowMs >= inUse.issuedAtMs + keyMaxAgeMs;
  return old ? `the one in use is ${Math.floor((nowMs - inUse.issuedAtMs) / 86_400_000)} days old` : null;
}

/** The platform has gone over to another kind of credentials. */
function reasonToReplace(
  { credentials, fixedPolicy }: DesiredHome,
  inUse: ObservedKey | null,
): string | null {
  if (inUse === null) return null;
  const isSession = inUse.expiresAtMs !== null;
  if (isSession === (credentials === 'sessions'))
    return fixedPolicy && inUse.endable
      ? 'sessions of the platform’s role take the place of the product’s own'
      : null;
  return isSession ? 'lasting keys take the place of sessions' : 'sessions take the place of lasting keys';
}

/** A session is renewed at half its life, as long as that is: a store may give less than was asked for. */
function reasonToRenew(inUse: ObservedKey | null, nowMs: number): string | null {
  if (inUse === null || inUse.expiresAtMs === null) return null;
  return nowMs >= renewalMs(inUse.issuedAtMs, inUse.expiresAtMs) ? 'the one in use ends by itself' : null;
}

const policyUnproven = 'its policy was changed, and it can not be proven again';

/** When a key that ends by itself is due to be replaced. */
export function renewalMs(issuedAtMs: number, expiresAtMs: number): number {
  return issuedAtMs + (expiresAtMs - issuedAtMs) / 2;
}

/**
 * The key of `.env`, when the store lists it as active and its secret is the one we wrote. What a session is signed with
 * is a part of its digest, and not its name.
 */
export function keyInUse({ env, keys }: Observed): ObservedKey | null {
  if (env === null) return null;
  const isThere = ({ active, id, secretSha256, expiresAtMs }: ObservedKey) =>
    active && secretSha256 === env.secretSha256 && (expiresAtMs !== null || id === env.keyId);
  return keys.find(isThere) ?? null;
}

function reasonForNewKey(
  { rotateOnAccessChange, fixedPolicy }: DesiredHome,
  inUse: ObservedKey | null,
  accessChanged: boolean,
  hasEnv: boolean,
): string | null {
  if (inUse === null) return hasEnv ? 'the key in .env is not the product’s' : 'the workspace has none';
  if (inUse.state === 'grace') return 'the key in .env is an old one';
  const changed = accessChanged ? 'its access changed' : null;
  // It opens what it opened, whatever the wish is now.
  if (fixedPolicy) return changed;
  // Issued for this very change by a run that was killed before it could say so: recognised, not replaced.
  if (inUse.state === 'issued') return null;
  return rotateOnAccessChange ? changed : null;
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
  const doomed = new Map<ObservedKey, string>();
  for (const key of others) {
    const why = reasonToDrop(key, observed.nowMs);
    if (why !== null) doomed.set(key, why);
  }
  if (needsRoom) {
    const staying = others.filter((key) => !doomed.has(key)).sort((a, b) => a.issuedAtMs - b.issuedAtMs);
    const room = desired.keysPerPrincipal - 1 - (inUse === null ? 0 : 1);
    for (const key of staying.slice(0, Math.max(0, staying.length - room))) {
      doomed.set(key, 'the store allows no further key beside it');
    }
  }
  return [...doomed].map(([key, why]) => steps.add(endOf(key, why)));
}

/** How a key is ended, or that it ends by itself. */
export function endOf({ id: key, endable }: ObservedKey, why: string): Action {
  return { kind: endable ? 'delete-key' : 'forget-session', key, why };
}

/** Keys that were replaced and whose time is over, whatever `.env` holds. */
export function endOverdue(steps: PlanBuilder, { keys, nowMs }: Observed): void {
  for (const key of keys) {
    if (isOverdue(key, nowMs)) steps.add(endOf(key, graceOver));
  }
}

const graceOver = 'its grace period is over';

function isOverdue({ state, graceUntilMs }: ObservedKey, nowMs: number): boolean {
  return state === 'grace' && (graceUntilMs ?? 0) <= nowMs;
}

function reasonToDrop(key: ObservedKey, nowMs: number): string | null {
  if (key.state === 'unknown') return 'it is not in our books';
  if (key.state === 'issued') return 'it was never handed over';
  if (!key.active) return 'it is gone, switched off or has other rights';
  return isOverdue(key, nowMs) ? graceOver : null;
}
