/** A product that should have a home: what is wished, what is there, and the steps between. */
import { findProducts, type ProductRecord } from '../db/products.ts';
import { isApproved, type Provider } from '../grants/granted.ts';
import type { Issuer } from '../identity/issuer.ts';
import type { Plan } from '../model/action.ts';
import type { ProvisionerError } from '../model/errors.ts';
import type { ProductId } from '../model/ids.ts';
import type { Product } from '../model/product.ts';
import type { ClaimedRecord } from './claim.ts';
import { type HomeWish, wishForHome } from './desired.ts';
import { type Books, type Looking, observe, observeOutside } from './observe.ts';
import type { ReconcileParts } from './parts.ts';
import { plan } from './plan.ts';
import { type Turn, turnOf } from './rollout.ts';
import type { Observed } from './state.ts';

/** A home that was looked at; nothing was changed yet. */
export interface PreparedHome {
  readonly record: ProductRecord;
  readonly issuer: Issuer;
  readonly wish: HomeWish;
  readonly observed: Observed;
  readonly steps: Plan;
  /** Whether it follows a new version of its template now. */
  readonly turn: Turn;
  /** What the books on files should say, when they had been lost. */
  readonly recovered: Readonly<Record<string, string>> | null;
  /** What keeps the files, or the whole workspace, from being brought in order; the store's part of the home is. */
  readonly problem: ProvisionerError | null;
}

/**
 * Looks and plans. Changes nothing.
 *
 * @param claiming the product's record, or that it is being made
 */
export async function prepareHome(
  parts: ReconcileParts,
  product: Product,
  claiming: ClaimedRecord | Promise<ClaimedRecord>,
  books: Books,
  looking: Looking,
): Promise<PreparedHome> {
  const nowMs = parts.clock().getTime();
  const lookOutside = async () => {
    const issuer = await parts.findIssuer();
    return {
      issuer,
      ...(await observeOutside(parts, issuer, product.id, claiming, books, looking.thorough)),
    };
  };
  const lookAround = async () => {
    const known = await claiming;
    const [surroundings, recovered] = await Promise.all([
      surroundingsOf(parts, product, nowMs),
      recoverFiles(parts, known),
    ]);
    return { known, surroundings, recovered };
  };
  const [{ issuer, ...outside }, { known, surroundings, recovered }] = await Promise.all([
    lookOutside(),
    lookAround(),
  ]);
  const record = recovered === null ? known : { ...known, files: recovered };
  const wish = wishForHome(parts.settings, {
    product,
    home: record.home,
    providers: surroundings.providers,
    tables: surroundings.tables,
    grantedBefore: new Set(outside.grants.map(({ outputPort }) => outputPort)),
    issuer: issuer.kind,
    nowMs,
    rotateWhy: record.rotateWhy,
    renderedFrom: record.template,
  });
  const { observed, problem } = await observe(parts, record, outside, {
    ...looking,
    finalizers: product.finalizers,
    rendered: wish.rendered,
  });
  const turn = await turnOf(parts, product, record, wish.template, looking.rehearsal);
  // Access goes first: a product that gets or loses an input has it wired by the new version.
  const settled = wish.desired.grants.join() === observed.grants.join();
  const waits = turn.kind === 'waits' && settled && observed.workspaceExists;
  const holdFiles = waits || wish.problem !== null;
  const desired = { ...wish.desired, holdFiles };
  return {
    record,
    issuer,
    wish: { ...wish, desired },
    turn,
    observed,
    steps: plan(desired, observed),
    recovered,
    problem: wish.problem ?? problem,
  };
}

/** Books that were lost, or never were: a workspace that lies there has a history of its own. */
async function recoverFiles(
  { workspaces, settings }: ReconcileParts,
  { home, files, template }: ProductRecord,
): Promise<Readonly<Record<string, string>> | null> {
  if (!settings.history || template !== null || Object.keys(files).length > 0) return null;
  const rendered = await workspaces.listRendered(home);
  return Object.keys(rendered).length === 0 ? null : rendered;
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
  return { providers, tables: await parts.published.tablesOf(records.map((record) => record.home)) };
}
