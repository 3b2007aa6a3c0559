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
  const forgotten = keyToRecognise(desired, observed);
  if (forgotten !== null) {
    // Books that were lost: what is in use stays in use, once it has shown that it opens what it should.
    const proven = steps.add({ kind: 'prove-env-key', key: forgotten }, before.home);
    const adopted = steps.add({ kind: 'adopt-key', key: forgotten }, [proven]);
    steps.add({ kind: 'record-grants' }, [adopted]);
    return adopted;
  }
  const why =
    reasonToRenew(desired, inUse, observed.nowMs) ??
    reasonForNewKey(inUse, accessChanged && desired.rotateOnAccessChange, observed.env !== null) ??
    reasonToRotate(desired, inUse, observed) ??
    (unproven && observed.env?.provable === false
      ? 'its policy was changed, and it can not be proven again'
      : null);
  const cleared = dropKeys(steps, desired, observed, inUse, why !== null);
  if (why !== null) {
    // A key that nobody has yet may be made while its policy is put.
    const issued = steps.add({ kind: 'issue-key', why }, [...before.principal, ...cleared]);
    const proven = steps.add({ kind: 'prove-key' }, [issued, ...before.home]);
    const written = steps.add({ kind: 'write-env', why }, [proven]);
    return steps.add({ kind: 'hand-over-key' }, [written]);
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

/** The key of `.env`, when the store lists it as active and its secret is the one we wrote. */
export function keyInUse(observed: Observed): ObservedKey | null {
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

/** Keys that were replaced and whose time is over, whatever `.env` holds. */
export function endOverdue(steps: PlanBuilder, { keys, nowMs }: Observed): void {
  for (const key of keys) {
    if (isOverdue(key, nowMs)) steps.add(endOf(key.id, graceOver, keys));
  }
}

const graceOver = 'its grace period is over';

function isOverdue({ state, graceUntilMs }: ObservedKey, nowMs: number): boolean {
  return state === 'grace' && (graceUntilMs ?? 0) <= nowMs;
}

/** A store ends lasting keys; a session ends by itself. */
export function endOf(key: string, why: string, all: readonly ObservedKey[]): Action {
  const isSession = all.some(({ id, expiresAtMs }) => id === key && expiresAtMs !== null);
  return { kind: isSession ? 'forget-session' : 'delete-key', key, why };
}

function reasonToDrop(key: ObservedKey, nowMs: number): string | null {
  if (key.state === 'unknown') return 'it is not in our books';
  if (key.state === 'issued') return 'it was never handed over';
  if (!key.active) return 'it is gone, switched off or has other rights';
  return isOverdue(key, nowMs) ? graceOver : null;
}
