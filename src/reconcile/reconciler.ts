/** One run: read the wish and what is there, plan, apply, record. The same code for new, changed and deleted products. */
import { randomUUID } from 'node:crypto';
import { type KeyRecord, listKeys } from '../db/access-keys.ts';
import { insertRun } from '../db/history.ts';
import {
  changeProduct,
  findLiveHome,
  findProducts,
  type ProductChange,
  type ProductRecord,
} from '../db/products.ts';
import { countAttempts, setWake } from '../db/wake.ts';
import { isApproved, type Provider } from '../grants/granted.ts';
import { asProvisionerError, type ProvisionerError } from '../model/errors.ts';
import { type HomeName, outputPrefixOf } from '../model/home.ts';
import { type ProductId, RunId } from '../model/ids.ts';
import type { Product } from '../model/product.ts';
import type { ActionRecord, Cause, RunEnding } from '../model/run.ts';
import { backoffMs } from '../queue/backoff.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { FilesOutcome } from '../workspace/update.ts';
import { applyPlan } from './apply.ts';
import { whyHeld } from './brake.ts';
import { claimRecord } from './claim.ts';
import { conditionsOfFailure, conditionsOfHeld, conditionsOfHome } from './conditions.ts';
import { wishForHome } from './desired.ts';
import { type DriftField, driftIn } from './drift.ts';
import { createHandlers } from './handlers.ts';
import { historyMessage } from './history-message.ts';
import { type Books, observe, observeOutside, readBooks } from './observe.ts';
import type { ReconcileParts } from './parts.ts';
import { plan, renewalMs } from './plan.ts';

/** What a run came to. */
interface Outcome {
  readonly actions: readonly ActionRecord[];
  readonly error: ProvisionerError | null;
  /** What the run found out about the product. */
  readonly change: ProductChange;
  /** When to look again even if nothing happens, in milliseconds since the epoch. */
  readonly nextMs: number | null;
  /** What others had changed since the last run. */
  readonly drift: readonly DriftField[];
}

/** What goes with one run. */
interface Run {
  readonly log: Logger;
  /** Cleans up at the end of the run. */
  readonly defer: (cleanUp: () => void) => void;
  readonly cause: Cause;
}

/** Nobody waits for a resync: it looks for what costs time to find. */
function isThorough({ cause }: Run): boolean {
  return cause.kind === 'resync';
}

const nothingToDo: Outcome = { actions: [], error: null, change: {}, nextMs: null, drift: [] };

/** Reconciles one product. Never throws for what can go wrong with it: that is recorded and tried again by the clock. */
export async function reconcileProduct(
  parts: ReconcileParts,
  product: ProductId,
  cause: Cause,
): Promise<void> {
  const run = RunId.parse(randomUUID());
  const delivery = cause.kind === 'delivery' ? { delivery: cause.delivery } : {};
  const log = parts.log.with({ run, product, ...delivery });
  const startedAt = parts.clock();
  const started = performance.now();
  const cleanUps: (() => void)[] = [];
  const defer = (cleanUp: () => void) => void cleanUps.push(cleanUp);
  const outcome = await outcomeOf(parts, product, { log, defer, cause });
  const ms = performance.now() - started;
  const ending = await record(parts, product, outcome);
  if (outcome.actions.length > 0 || outcome.error !== null) {
    const { error, actions } = outcome;
    const failure = error === null ? null : { code: error.code, message: error.message };
    await insertRun(parts.database.sql, { id: run, product, cause, startedAt, ms, error: failure, actions });
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
    const [product, books] = await Promise.all([parts.portal.readProduct(id), readBooks(parts, id)]);
    if (product !== null && product.status !== 'deleting') {
      const record = books.record ?? (await claimRecord(parts, product));
      return await reconcileHome(parts, product, record, books, run);
    }
    const record = books.record ?? (await forgottenRecord(parts, product));
    const held = product?.finalizers.includes(parts.settings.finalizer ?? '') ?? false;
    if (record === null || (record.state === 'retired' && !held)) return nothingToDo;
    return await retire(parts, record, product, books, run);
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
  const record = await bringToLife(parts, product, known);
  const nowMs = parts.clock().getTime();
  const issuer = await parts.findIssuer();
  const [outside, surroundings] = await Promise.all([
    observeOutside(parts, issuer, record, books, isThorough(run)),
    surroundingsOf(parts, product, nowMs),
  ]);
  const wish = wishForHome(parts.settings, {
    product,
    home: record.home,
    providers: surroundings.providers,
    tables: surroundings.tables,
    grantedBefore: new Set(outside.grants),
    issuer: issuer.kind,
    nowMs,
  });
  const observed = await observe(parts, record, outside, product.finalizers, wish.rendered);
  const steps = plan(wish.desired, observed);
  const drift = driftIn(steps, observed, {
    wasReady: known.conditions[0]?.type === 'Ready',
    wishChanged:
      record !== known ||
      wish.template !== known.template ||
      wish.desired.grants.join() !== observed.grants.join(),
  });
  let files: FilesOutcome | null = null;
  const handlers = createHandlers(parts, {
    record,
    issuer,
    desired: wish.desired,
    rendered: wish.rendered,
    message: historyMessage(record, wish.template, run.cause),
    onFiles: (outcome) => {
      files = outcome;
    },
    grants: wish.grants,
    foreignHomes: () => foreignHomes(parts, record.home, wish.desired.readable),
    purged: false,
    defer: run.defer,
  });
  const { records, error } = await applyPlan(
    steps,
    handlers,
    (action) => noteAction(parts, run.log, action),
    parts.tracer,
  );
  // Set by the handler, which the compiler does not see.
  const updated = files as FilesOutcome | null;
  const conditions = conditionsOfHome({
    namespace: product.namespace,
    home: record.home,
    waiting: wish.decision.waiting,
    noRoom: wish.noRoom,
    conflicts: [...new Set([...observed.conflicts, ...(updated?.conflicts ?? [])])].sort(),
    beingEdited: updated?.waiting ?? [],
  });
  const keyChangeMs = nextKeyChangeMs(await listKeys(parts.database.sql, record.id));
  return {
    actions: records,
    error,
    change: {
      conditions,
      ...(updated === null || !isTold(records) ? {} : { files: updated.rendered, template: wish.template }),
    },
    nextMs: earliest(keyChangeMs, wish.decision.nextEndMs),
    drift,
  };
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
  const change = { name, namespace, state: 'live', teardownAgreed: false, retiredAt: null } as const;
  await changeProduct(parts.database.sql, known.id, change, parts.clock());
  return { ...known, ...change };
}

/** The providers of approved inputs, and the tables that each has published. */
async function surroundingsOf(parts: ReconcileParts, product: Product, nowMs: number) {
  const approved = product.inputs.filter((input) => isApproved(input, nowMs));
  const records = await findProducts(parts.database.sql, [
    ...new Set(approved.map((input) => input.provider)),
  ]);
  const providers = new Map<ProductId, Provider>(
    records.map(({ id, name, home, state }) => [
      id,
      { id, name, home, live: state === 'live' || state === 'held' },
    ]),
  );
  const homes = records.map((record) => record.home);
  const tables = await Promise.all(
    homes.map(
      async (home): Promise<[HomeName, readonly string[]]> => [
        home,
        await parts.store.listFolders(outputPrefixOf(home)),
      ],
    ),
  );
  return { providers, tables: new Map(tables) };
}

/** The prefix that a new key must not open: somebody else's, or nobody's when there is no other. */
async function foreignHomes(
  parts: ReconcileParts,
  own: HomeName,
  readable: readonly HomeName[],
): Promise<HomeName[]> {
  const closed = await findLiveHome(parts.database.sql, [own, ...readable]);
  return [closed ?? parts.canary];
}

/** Files count as rendered when the history knows of them: until then the next run does it all again. */
function isTold(records: readonly ActionRecord[]): boolean {
  return records.every(({ kind, outcome }) => kind !== 'commit-files' || outcome === 'done');
}

async function retire(
  parts: ReconcileParts,
  record: ProductRecord,
  product: Product | null,
  books: Books,
  run: Run,
): Promise<Outcome> {
  const held = await whyHeld(parts, record);
  if (held !== null) {
    return { ...nothingToDo, change: { state: 'held', conditions: conditionsOfHeld(held) } };
  }
  const finalizers = product?.finalizers ?? [];
  const issuer = await parts.findIssuer();
  const outside = await observeOutside(parts, issuer, record, books, isThorough(run));
  const observed = await observe(parts, record, outside, finalizers, []);
  const purge = parts.settings.purgeOnDelete;
  const finalizerHeld = finalizers.includes(parts.settings.finalizer ?? '');
  const steps = plan({ kind: 'nothing', home: record.home, finalizerHeld, purge }, observed);
  const handlers = createHandlers(parts, {
    record,
    issuer,
    desired: null,
    rendered: [],
    message: '',
    onFiles: () => undefined,
    grants: [],
    foreignHomes: async () => [],
    purged: purge,
    defer: run.defer,
  });
  const { records, error } = await applyPlan(
    steps,
    handlers,
    (action) => noteAction(parts, run.log, action),
    parts.tracer,
  );
  return { ...nothingToDo, actions: records, error };
}

function noteAction(parts: ReconcileParts, log: Logger, action: ActionRecord): void {
  parts.metrics.action(action.kind, action.outcome, action.ms);
  log.debug(action.description, { action: action.kind, outcome: action.outcome, ms: Math.round(action.ms) });
}

/** What was found out, and the time of the next look: backoff after a failure that can pass by itself. */
async function record(parts: ReconcileParts, product: ProductId, outcome: Outcome): Promise<RunEnding> {
  const { error, change, drift } = outcome;
  const db = parts.database.sql;
  const now = parts.clock();
  if (error === null) {
    await setWake(db, product, outcome.nextMs === null ? null : new Date(outcome.nextMs), 0);
    if (Object.keys(change).length > 0) await changeProduct(db, product, change, now);
    return { product, conditions: change.conditions ?? null, parked: false, drift };
  }
  const attempts = (await countAttempts(db, product)) + 1;
  const waitMs = error.retryable ? backoffMs(attempts, parts.random()) : null;
  await setWake(db, product, waitMs === null ? null : new Date(now.getTime() + waitMs), attempts);
  const conditions = conditionsOfFailure(error, waitMs);
  await changeProduct(db, product, { ...change, conditions }, now);
  return { product, conditions, parked: waitMs === null, drift };
}

function logOutcome(log: Logger, { actions, error, drift }: Outcome, ms: number, cause: Cause): void {
  const facts = {
    cause: cause.kind,
    ms: Math.round(ms),
    did: actions.filter((action) => action.outcome === 'done').length,
    ...(drift.length === 0 ? {} : { drift }),
  };
  if (error !== null) log.error(error.message, { ...facts, code: error.code, ...error.facts });
  else if (actions.length > 0) log.info('brought the product in order', facts);
  else log.debug('nothing to do', facts);
}

function earliest(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}

/** When a key next needs something: its grace is over, or it is due to be renewed. */
function nextKeyChangeMs(keys: readonly KeyRecord[]): number | null {
  const times = keys.map(({ state, graceUntil, issuedAt, expiresAt }) => {
    if (state === 'grace') return graceUntil?.getTime() ?? null;
    return expiresAt === null ? null : renewalMs(issuedAt.getTime(), expiresAt.getTime());
  });
  return times.reduce(earliest, null);
}
