/** A product that should have nothing any more: tear down, unless the brake or a pause holds it. */
import type { ProductRecord } from '../db/products.ts';
import type { Product } from '../model/product.ts';
import type { ActionRecord } from '../model/run.ts';
import { applyPlan } from './apply.ts';
import { auditOf } from './audit.ts';
import { whyHeld } from './brake.ts';
import { conditionsOfHeld, conditionsOfPause } from './conditions.ts';
import { createHandlers } from './handlers.ts';
import { type Books, type Looking, observe, observeOutside } from './observe.ts';
import { isThorough, noteAction, nothingToDo, type Outcome, type Run } from './outcome.ts';
import type { ReconcileParts } from './parts.ts';
import { whyPaused } from './pause.ts';
import { plan } from './plan.ts';

/** @param product `null`: the portal has it no more */
export async function retire(
  parts: ReconcileParts,
  record: ProductRecord,
  product: Product | null,
  books: Books,
  run: Run,
): Promise<Outcome> {
  const held = await whyHeld(parts, record, run);
  if (held !== null) {
    return { ...nothingToDo, change: { state: 'held', conditions: conditionsOfHeld(held) } };
  }
  const { issuer, observed, steps } = await prepareRetirement(parts, record, product, books, {
    thorough: isThorough(run),
    hide: (secret) => run.defer(parts.hideSecret(secret)),
  });
  const paused = whyPaused(parts.estate, record);
  if (paused !== null) {
    return { ...nothingToDo, change: { conditions: conditionsOfPause(paused, steps, null) } };
  }
  const handlers = createHandlers(parts, {
    record,
    issuer,
    desired: null,
    foundPolicy: observed.policy,
    rendered: [],
    message: '',
    onFiles: () => undefined,
    grants: [],
    grantsBefore: observed.grantFacts,
    providers: [],
    hasKeys: observed.keys.length > 0,
    claim: async () => ({ own: record.home, inputs: [], foreign: [] }),
    purged: parts.settings.purgeOnDelete,
    graceMs: parts.settings.keyGraceMs,
    defer: run.defer,
  });
  const note = (action: ActionRecord) => noteAction(parts, action);
  const { records, done, error } = await applyPlan(steps, handlers, note, parts.tracer);
  const audited = { at: parts.clock(), product: record.id, run: run.id, cause: run.cause };
  return {
    ...nothingToDo,
    actions: records,
    error,
    audit: auditOf(audited, [], done, null, observed),
  };
}

/** Looks and plans. Changes nothing. */
export async function prepareRetirement(
  parts: ReconcileParts,
  record: ProductRecord,
  product: Product | null,
  books: Books,
  looking: Looking,
) {
  const finalizers = product?.finalizers ?? [];
  const issuer = await parts.findIssuer();
  const outside = await observeOutside(parts, issuer, record.id, record, books, looking.thorough);
  const { observed } = await observe(parts, record, outside, { ...looking, finalizers, rendered: [] });
  const { purgeOnDelete: purge, finalizer } = parts.settings;
  const finalizerHeld = finalizers.includes(finalizer ?? '');
  const hasPrincipal = issuer.kind.fixedForMs === null;
  const steps = plan({ kind: 'nothing', home: record.home, finalizerHeld, purge, hasPrincipal }, observed);
  return { issuer, observed, steps };
}
