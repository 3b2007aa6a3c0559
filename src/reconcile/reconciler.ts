/** One run: read the wish and what is there, plan, apply, record. The same code for new, changed and deleted products. */
import { randomUUID } from 'node:crypto';
import { type KeyRecord, listKeys } from '../db/access-keys.ts';
import { changeProduct, type ProductRecord } from '../db/products.ts';
import { policySize } from '../grants/policy.ts';
import type { Condition } from '../model/condition.ts';
import { asProvisionerError } from '../model/errors.ts';
import { homesOf } from '../model/grant.ts';
import { type ProductId, RunId } from '../model/ids.ts';
import type { Product } from '../model/product.ts';
import { type ActionRecord, type Cause, deliveryOf } from '../model/run.ts';
import type { FilesOutcome } from '../workspace/update.ts';
import { applyPlan } from './apply.ts';
import { auditOf } from './audit.ts';
import { type ClaimedRecord, claimProviders, claimRecord } from './claim.ts';
import { claimOfKey } from './claim-of-key.ts';
import { conditionsOfHome, conditionsOfPause, noticesOfStore } from './conditions.ts';
import { driftOf, partOf } from './differences.ts';
import { endExpired } from './expiry.ts';
import { createHandlers } from './handlers.ts';
import { historyMessage } from './history-message.ts';
import { type PreparedHome, prepareHome } from './home.ts';
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
import { type Ended, recordRun } from './record.ts';
import { followRemote } from './remote.ts';
import { retire } from './retirement.ts';
import { noteTurn, noticeOf } from './rollout.ts';
import { standingOf } from './standing.ts';
import type { DesiredHome, Observed } from './state.ts';

const longestGraceOfLeakMs = 60_000;
const secondLookMs = 2000;

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
  const { outcome, books } = await lookAndAct(parts, product, run);
  const ms = performance.now() - started;
  const ending = await recordRun(parts, { run, product, startedAt, ms, outcome, books });
  parts.metrics.run(outcome.error === null ? 'succeeded' : 'failed', ms);
  for (const field of outcome.drift) parts.metrics.drift(field);
  if (outcome.error !== null) parts.tracer.fail(outcome.error);
  parts.onRun?.(ending);
  logOutcome(log, outcome, ms, cause);
  for (const cleanUp of cleanUps) cleanUp();
}

async function lookAndAct(
  parts: ReconcileParts,
  id: ProductId,
  run: Run,
): Promise<Pick<Ended, 'outcome' | 'books'>> {
  const reading = readBooks(parts, id);
  try {
    for (const breaker of parts.breakers) breaker.pass();
    const [product, books] = await Promise.all([parts.portal.readProduct(id), reading]);
    return { outcome: await outcomeFor(parts, product, books, run), books };
  } catch (thrown) {
    const error = asProvisionerError(thrown);
    const books = await reading.catch(() => null);
    const done = books === null ? {} : await endExpired(parts, books, run);
    return { outcome: { ...nothingToDo, ...done, error }, books };
  }
}

async function outcomeFor(
  parts: ReconcileParts,
  product: Product | null,
  books: Books,
  run: Run,
): Promise<Outcome> {
  if (product !== null && product.status !== 'deleting') {
    return reconcileHome(parts, product, books, run);
  }
  const known = books.record ?? (await forgottenRecord(parts, product));
  const held = product?.finalizers.includes(parts.settings.finalizer ?? '') ?? false;
  if (known === null || (known.state === 'retired' && !held)) return nothingToDo;
  return retire(parts, known, product, books, run);
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
  books: Books,
  run: Run,
): Promise<Outcome> {
  const claiming = claimed(parts, product, books);
  const pausing = claiming.then((known) => whyPaused(parts.estate, known));
  const alive = Promise.all([claiming, pausing]).then(([known, why]) =>
    why === null ? bringToLife(parts, product, known) : known,
  );
  const prepared = await prepareHome(parts, product, alive, books, {
    thorough: isThorough(run),
    hide: (secret) => run.defer(parts.hideSecret(secret)),
  });
  const paused = await pausing;
  const { wish, observed, steps } = prepared;
  const drift = driftOf(wish.desired, observed);
  noteDrift(parts.log, drift);
  const leak = observed.env?.exposed ?? null;
  if (leak !== null) noteLeak(parts, leak);
  if (paused !== null) {
    const conditions = conditionsOfPause(paused, steps, homeConditions(product, prepared, null, []));
    return { ...nothingToDo, change: { conditions }, leak };
  }
  const { records, done, failure, files } = await applyHome(parts, product, books, prepared, run);
  const error = failure ?? prepared.problem;
  const { turn } = prepared;
  // What passes by itself says nothing of the template: the next try does.
  if (turn.kind === 'follows' && turn.canary && wish.template !== null && error?.retryable !== true)
    await noteTurn(parts, prepared.record, wish.template, error !== null, files);
  const keys = records.length === 0 ? books.keys : await listKeys(parts.database.sql, product.id);
  const audited = { at: parts.clock(), product: product.id, run: run.id, cause: run.cause };
  return {
    actions: records,
    error,
    change: {
      conditions: homeConditions(product, prepared, files, [
        ...noticeOf(turn),
        ...noticesOfStore(parts.storeReport()),
        ...(await followRemote(parts, prepared.record, leak)),
      ]),
      ...toldFiles(prepared, records, files),
      ...rememberLines(prepared.record, wish.desired, observed, records),
      ...(error === null ? { fingerprint: standingFor(parts, product, prepared) } : {}),
    },
    nextMs: earliest(
      nextKeyChangeMs(keys, parts.settings, observed.nowMs),
      isWidened(wish.desired, observed) ? parts.clock().getTime() + secondLookMs : null,
    ),
    audit: auditOf(audited, drift, done, wish.desired, observed),
    leak,
    drift: [...new Set(drift.map(({ field }) => partOf(field)))],
  };
}

/**
 * Access that was given is looked at once more when it is in our books: an end that came meanwhile names nobody (a port's
 * removal, a provider's delete), and was looked for in vain in books that did not have it yet.
 */
function isWidened({ grants }: DesiredHome, observed: Observed): boolean {
  return grants.some((port) => !observed.grants.includes(port));
}

/** `null`: what it waits for does not show in the portal's lists, so that the next resync looks at it again. */
function standingFor(parts: ReconcileParts, product: Product, { turn, wish }: PreparedHome): string | null {
  if (turn.kind === 'waits' || wish.decision.overdue) return null;
  return standingOf(product.fingerprint, parts.ground());
}

async function applyHome(
  parts: ReconcileParts,
  product: Product,
  { grants }: Books,
  prepared: PreparedHome,
  run: Run,
) {
  const { record: known, issuer, wish, observed, steps } = prepared;
  let files: FilesOutcome | null = null;
  const handlers = createHandlers(parts, {
    record: known,
    issuer,
    desired: wish.desired,
    foundPolicy: observed.policy,
    rendered: wish.rendered,
    message: historyMessage(known, wish.template ?? '', run.cause),
    onFiles: (outcome) => {
      files = outcome;
      tellOfFiles(parts, outcome);
    },
    grants: wish.grants,
    grantsBefore: observed.grantFacts,
    providers: product.inputs.map(({ provider }) => provider),
    hasKeys: observed.keys.length > 0,
    claim: () => claimOfKey(parts, known.home, wish.desired.readable, homesOf(grants)),
    purged: false,
    graceMs: graceOf(parts, prepared),
    defer: run.defer,
  });
  const note = (action: ActionRecord) => noteAction(parts, action);
  const applied = await applyPlan(steps, handlers, note, parts.tracer);
  // Set by the handler, which the compiler does not see.
  return { ...applied, failure: applied.error, files: files as FilesOutcome | null };
}

function tellOfFiles({ log }: ReconcileParts, { displaced, left }: FilesOutcome): void {
  if (displaced.length > 0)
    log.warn('what a person had in the place of template files is kept beside them', { displaced });
  if (left.length > 0)
    log.info('files that a person changed are no more in the template, and theirs from now on', { left });
}

/** A key that others may know is not left open for long; a tool that is at work gets to its next read of `.env`. */
function graceOf({ settings }: ReconcileParts, { observed }: PreparedHome): number {
  const exposed = observed.env?.exposed != null;
  return exposed ? Math.min(settings.keyGraceMs, longestGraceOfLeakMs) : settings.keyGraceMs;
}

/** The product's record, made when it has none; those of its providers with it, as long as nothing was rendered. */
async function claimed(parts: ReconcileParts, product: Product, books: Books): Promise<ClaimedRecord> {
  const known: ClaimedRecord = books.record ?? (await claimRecord(parts, product));
  if (known.template === null) await claimProviders(parts, product);
  return known;
}

/** Notes name and namespace as they are now; a product that is back after it seemed gone lives on. */
async function bringToLife(
  parts: ReconcileParts,
  product: Product,
  known: ClaimedRecord,
): Promise<ClaimedRecord> {
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
    displaced: [...new Set([...observed.displaced, ...(files?.displaced ?? [])])].sort(),
    beingEdited: files?.waiting ?? [],
    fixedForMs: issuer.kind.fixedForMs,
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
