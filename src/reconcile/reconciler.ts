/** One run: read the wish and what is there, plan, apply, record. The same code for new, changed and deleted products. */
import { randomUUID } from 'node:crypto';
import { type KeyRecord, listKeys } from '../db/access-keys.ts';
import { insertAudit } from '../db/audit.ts';
import { insertRun } from '../db/history.ts';
import { changeProduct, type ProductRecord } from '../db/products.ts';
import { findWake, setWake } from '../db/wake.ts';
import { policySize } from '../grants/policy.ts';
import type { Condition } from '../model/condition.ts';
import { asProvisionerError } from '../model/errors.ts';
import { type ProductId, RunId } from '../model/ids.ts';
import type { Product } from '../model/product.ts';
import { type ActionRecord, type Cause, deliveryOf, type RunEnding } from '../model/run.ts';
import { nextTryMs } from '../queue/backoff.ts';
import type { FilesOutcome } from '../workspace/update.ts';
import { applyPlan } from './apply.ts';
import { auditOf } from './audit.ts';
import { claimProviders, claimRecord } from './claim.ts';
import { conditionsOfFailure, conditionsOfHome, conditionsOfPause } from './conditions.ts';
import { driftOf, partOf } from './differences.ts';
import { createHandlers } from './handlers.ts';
import { historyMessage } from './history-message.ts';
import { foreignHomes, type PreparedHome, prepareHome } from './home.ts';
import { type Books, graceEndMs, readBooks } from './observe.ts';
import { rememberLines } from './observe-env.ts';
import {
  isThorough,
  logOutcome,
  noteAction,
  noteDrift,
  noteLeak,
  nothingToDo,
  type Outcome,
  type Run,
} from './outcome.ts';
import type { ReconcileParts, ReconcileSettings } from './parts.ts';
import { whyPaused } from './pause.ts';
import { renewalMs } from './plan-keys.ts';
import { followRemote } from './remote.ts';
import { retire } from './retirement.ts';
import { noteTurn, noticeOf } from './rollout.ts';
import { standingOf } from './standing.ts';

const longestGraceOfLeakMs = 60_000;

/** Reconciles one product. Never throws for what can go wrong with it: that is recorded and tried again by the clock. */
export async function reconcileProduct(
  shared: ReconcileParts,
  product: ProductId,
  cause: Cause,
): Promise<void> {
  const id = RunId.parse(randomUUID());
  const log = shared.log.with({ run: id, product, ...deliveryOf(cause) });
  // Whoever writes a line in this run writes it as one of this run's.
  const parts: ReconcileParts = { ...shared, log };
  const startedAt = parts.clock();
  const started = performance.now();
  const cleanUps: (() => void)[] = [];
  const run: Run = { id, cause, defer: (cleanUp) => void cleanUps.push(cleanUp) };
  const outcome = await outcomeOf(parts, product, run);
  for (const breaker of parts.breakers) breaker.note(outcome.error);
  const ms = performance.now() - started;
  const ending = await record(parts, product, outcome);
  if (outcome.actions.length > 0 || outcome.error !== null) {
    const { error, actions, audit } = outcome;
    const failure = error === null ? null : { code: error.code, message: error.message };
    await insertRun(parts.database.sql, { id, product, cause, startedAt, ms, error: failure, actions });
    await insertAudit(parts.database.sql, audit);
  }
  parts.metrics.run(outcome.error === null ? 'succeeded' : 'failed', ms);
  for (const field of outcome.drift) parts.metrics.drift(field);
  if (outcome.error !== null) parts.tracer.fail(outcome.error);
  parts.onRun?.(ending);
  logOutcome(log, outcome, ms, cause);
  for (const cleanUp of cleanUps) cleanUp();
}

async function outcomeOf(parts: ReconcileParts, id: ProductId, run: Run): Promise<Outcome> {
  try {
    for (const breaker of parts.breakers) breaker.pass();
    const [product, books] = await Promise.all([parts.portal.readProduct(id), readBooks(parts, id)]);
    if (product !== null && product.status !== 'deleting') {
      const known = books.record ?? (await claimRecord(parts, product));
      if (known.template === null) await claimProviders(parts, product);
      return await reconcileHome(parts, product, known, books, run);
    }
    const known = books.record ?? (await forgottenRecord(parts, product));
    const held = product?.finalizers.includes(parts.settings.finalizer ?? '') ?? false;
    if (known === null || (known.state === 'retired' && !held)) return nothingToDo;
    return await retire(parts, known, product, books, run);
  } catch (thrown) {
    return { ...nothingToDo, error: asProvisionerError(thrown) };
  }
}

/** A product that is being deleted, waits for our finalizer, and is not in our books: its home is looked for. */
function forgottenRecord(parts: ReconcileParts, product: Product | null): Promise<ProductRecord> | null {
  const { finalizer } = parts.settings;
  if (product === null || finalizer === null || !product.finalizers.includes(finalizer)) return null;
  return claimRecord(parts, product);
}

async function reconcileHome(
  parts: ReconcileParts,
  product: Product,
  known: ProductRecord,
  books: Books,
  run: Run,
): Promise<Outcome> {
  const paused = whyPaused(parts.estate, known);
  const alive = paused === null ? await bringToLife(parts, product, known) : known;
  const thorough = isThorough(run);
  const prepared = await prepareHome(parts, product, alive, books, {
    thorough,
    hide: (secret) => run.defer(parts.hideSecret(secret)),
  });
  const { wish, observed, steps } = prepared;
  const drift = driftOf(wish.desired, observed);
  noteDrift(parts.log, drift);
  const leak = observed.env?.exposed ?? null;
  if (leak !== null) noteLeak(parts, leak);
  if (paused !== null) {
    const conditions = conditionsOfPause(paused, steps, homeConditions(product, prepared, null, []));
    const nextMs = wish.decision.nextEndMs;
    return { ...nothingToDo, change: { conditions }, nextMs, leak };
  }
  const { records, done, error, files } = await applyHome(parts, prepared, run);
  const { turn } = prepared;
  if (turn.kind === 'follows' && turn.canary)
    await noteTurn(parts, prepared.record, wish.template, error !== null, files);
  const audited = { at: parts.clock(), product: product.id, run: run.id, cause: run.cause };
  return {
    actions: records,
    error,
    change: {
      conditions: homeConditions(product, prepared, files, [
        ...noticeOf(turn),
        ...(await followRemote(parts, prepared.record)),
      ]),
      ...toldFiles(prepared, records, files),
      ...rememberLines(prepared.record, wish.desired, observed, records),
      ...(error === null ? { fingerprint: standingFor(parts, product, prepared) } : {}),
    },
    nextMs: earliest(
      nextKeyChangeMs(await listKeys(parts.database.sql, product.id), parts.settings, observed.nowMs),
      wish.decision.nextEndMs,
    ),
    audit: auditOf(audited, drift, done, wish.desired, observed),
    leak,
    drift: [...new Set(drift.map(({ field }) => partOf(field)))],
  };
}

/** `null`: what it waits for does not show in the portal's lists, so that the next resync looks at it again. */
function standingFor(parts: ReconcileParts, product: Product, { turn, wish }: PreparedHome): string | null {
  if (turn.kind === 'waits' || wish.decision.overdue) return null;
  return standingOf(product.fingerprint, parts.ground);
}

async function applyHome(parts: ReconcileParts, prepared: PreparedHome, run: Run) {
  const { record: known, issuer, wish, observed, steps } = prepared;
  let files: FilesOutcome | null = null;
  const handlers = createHandlers(parts, {
    record: known,
    issuer,
    desired: wish.desired,
    foundPolicy: observed.policy,
    rendered: wish.rendered,
    message: historyMessage(known, wish.template, run.cause),
    onFiles: (outcome) => {
      files = outcome;
    },
    grants: wish.grants,
    foreignHomes: () => foreignHomes(parts, known.home, wish.desired.readable),
    purged: false,
    graceMs: graceOf(parts, prepared),
    defer: run.defer,
  });
  const note = (action: ActionRecord) => noteAction(parts, action);
  const applied = await applyPlan(steps, handlers, note, parts.tracer);
  // Set by the handler, which the compiler does not see.
  return { ...applied, files: files as FilesOutcome | null };
}

/** A key that others may know is not left open for long; a tool that is at work gets to its next read of `.env`. */
function graceOf({ settings }: ReconcileParts, { observed }: PreparedHome): number {
  const exposed = observed.env?.exposed != null;
  return exposed ? Math.min(settings.keyGraceMs, longestGraceOfLeakMs) : settings.keyGraceMs;
}

/** Notes name and namespace as they are now; a product that is back after it seemed gone lives on. */
async function bringToLife(
  parts: ReconcileParts,
  product: Product,
  known: ProductRecord,
): Promise<ProductRecord> {
  const { name, namespace } = product;
  const same = known.name === name && known.namespace === namespace && known.state === 'live';
  if (same) return known;
  // Books can be lost; the namespace alone would not lead back to a home that keeps its older name.
  if (known.namespace !== namespace) {
    await parts.store.writePointer(product.id, known.home);
    parts.log.info('renamed in the portal; the home keeps its name', { namespace, home: known.home });
  }
  const change = { name, namespace, state: 'live', teardownAgreed: false, retiredAt: null } as const;
  await changeProduct(parts.database.sql, known.id, change, parts.clock());
  return { ...known, ...change };
}

function homeConditions(
  product: Product,
  { record: known, issuer, wish, observed }: PreparedHome,
  files: FilesOutcome | null,
  others: readonly Condition[],
) {
  return conditionsOfHome({
    namespace: product.namespace,
    home: known.home,
    waiting: wish.decision.waiting,
    noRoom: wish.noRoom,
    policyFill: policySize(wish.desired.policy) / issuer.kind.limits.policySize,
    conflicts: [...new Set([...observed.conflicts, ...(files?.conflicts ?? [])])].sort(),
    beingEdited: files?.waiting ?? [],
    others,
  });
}

/** Files count as rendered when the history knows of them: until then the next run does it all again. */
function toldFiles(
  { wish, recovered }: PreparedHome,
  records: readonly ActionRecord[],
  files: FilesOutcome | null,
) {
  const told = records.every(({ kind, outcome }) => kind !== 'commit-files' || outcome === 'done');
  if (files !== null && told) return { files: files.rendered, template: wish.template };
  if (recovered !== null) return { files: recovered, template: wish.template };
  // A new version that gives this product the same files.
  const same = files === null && told && !wish.desired.holdFiles;
  return same ? { template: wish.template } : {};
}

/** What was found out, and the time of the next look: backoff after a failure that can pass by itself. */
async function record(parts: ReconcileParts, product: ProductId, outcome: Outcome): Promise<RunEnding> {
  const { error, change, drift, leak } = outcome;
  const db = parts.database.sql;
  const now = parts.clock();
  if (error === null) {
    await setWake(db, product, outcome.nextMs === null ? null : new Date(outcome.nextMs), 0);
    if (Object.keys(change).length > 0) await changeProduct(db, product, change, now);
    return { product, conditions: change.conditions ?? null, parked: false, drift, leak };
  }
  const wake = await findWake(db, product);
  // Turned away is not tried, and a webhook that came before the next try was due says nothing new: a storm of them
  // must not park a product in an outage of seconds.
  const counts = error.facts.turnedAway !== true && (wake.at === null || wake.at <= now);
  const attempts = Math.max(1, wake.attempts + (counts ? 1 : 0));
  const { needs } = error;
  const waitMs = nextTryMs({ needs, attempts, maxTries: parts.settings.maxTries }, parts.random());
  await setWake(db, product, waitMs === null ? null : new Date(now.getTime() + waitMs), attempts);
  const conditions = conditionsOfFailure(error, waitMs, needs === 'person' ? null : attempts);
  // Without a fingerprint the next resync looks at it, too.
  await changeProduct(db, product, { ...change, conditions, fingerprint: null }, now);
  return { product, conditions, parked: waitMs === null, drift, leak };
}

function earliest(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}

/** When a key next needs something: its grace is over, or it is due to be renewed. */
function nextKeyChangeMs(
  keys: readonly KeyRecord[],
  { keyMaxAgeMs, keyGraceMs }: ReconcileSettings,
  nowMs: number,
): number | null {
  const times = keys.map(({ state, graceUntil, issuedAt, expiresAt }) => {
    if (state === 'grace') return graceEndMs(graceUntil, nowMs, keyGraceMs);
    if (expiresAt !== null) return renewalMs(issuedAt.getTime(), expiresAt.getTime());
    return keyMaxAgeMs === null ? null : issuedAt.getTime() + keyMaxAgeMs;
  });
  return times.reduce(earliest, null);
}
