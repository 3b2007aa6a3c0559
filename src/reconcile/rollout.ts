/**
 * A new version of a template goes to a few products first, then to all: a mistake in it reaches few, and people decide
 * what happens then.
 */
import type { ProductRecord } from '../db/products.ts';
import {
  hasUnasked,
  joinCanaries,
  listBehind,
  noteCanary,
  noteUnfit,
  placesTaken,
  type RolloutRecord,
  readRollout,
  setStage,
  templateOf,
} from '../db/rollouts.ts';
import type { Condition } from '../model/condition.ts';
import type { ProductId } from '../model/ids.ts';
import type { Product } from '../model/product.ts';
import type { Cause } from '../model/run.ts';
import { fits } from '../workspace/catalogue.ts';
import type { FilesOutcome } from '../workspace/update.ts';
import { carryOut } from './order.ts';
import type { ReconcileParts } from './parts.ts';
import { whyPaused } from './pause.ts';
import { judgeTrial, type Verdict } from './rollout-stage.ts';

/** Whether a product follows a new version now. */
export type Turn =
  | { readonly kind: 'follows'; readonly canary: boolean }
  | { readonly kind: 'waits'; readonly why: string };

const follows: Turn = { kind: 'follows', canary: false };

/**
 * Takes a place among the canaries where there is one.
 *
 * @param rehearsal only looks: takes no place
 */
export async function turnOf(
  parts: ReconcileParts,
  product: Product,
  record: ProductRecord,
  to: string | null,
  rehearsal = false,
): Promise<Turn> {
  const { rollout } = parts.settings;
  const { template: from, id } = record;
  if (rollout.canaries === 0 || from === null || to === null || from === to) return follows;
  if (templateOf(from) !== templateOf(to)) return follows;
  const known = await readRollout(parts.database.sql, to, id);
  if (known?.stage === 'all') return follows;
  if (known?.stage === 'stopped') return waits(to, `its rollout stopped after ${known.failed} failed`);
  if (known?.role === 'canary') return { kind: 'follows', canary: true };
  const looksOnly = rehearsal || whyPaused(parts.estate, record) !== null;
  if (await takesPlace(parts, { product, to, known, looksOnly })) return { kind: 'follows', canary: true };
  const verdict = looksOnly ? 'is tried' : await goOn(parts, to, id);
  if (verdict === 'goes on') return follows;
  return waits(
    to,
    verdict === 'nobody can try it' ? 'no product is one that may try it first' : 'others try it first',
  );
}

interface Asked {
  readonly product: Product;
  readonly to: string;
  readonly known: RolloutRecord | null;
  readonly looksOnly: boolean;
}

async function takesPlace(
  { database, settings, clock }: ReconcileParts,
  { product, to, known, looksOnly }: Asked,
): Promise<boolean> {
  const { rollout } = settings;
  if (!fits(rollout, product)) {
    if (!looksOnly && known?.role !== 'unfit') await noteUnfit(database.sql, to, product.id, clock());
    return false;
  }
  if (known !== null && placesTaken(known) >= rollout.canaries) return false;
  return looksOnly || joinCanaries(database.sql, to, product.id, rollout.canaries, clock());
}

/** Notes how a canary fared, and lets all others follow, or nobody. */
export async function noteTurn(
  parts: ReconcileParts,
  product: ProductRecord,
  to: string,
  failed: boolean,
  files: FilesOutcome | null,
): Promise<void> {
  const outcome = failed || (files?.conflicts.length ?? 0) > 0 ? 'failed' : 'succeeded';
  await noteCanary(parts.database.sql, to, product.id, outcome);
  await goOn(parts, to, product.id);
}

/** Lets all follow, or nobody, when that can be decided. @param by the product in whose run we are: it needs no other */
async function goOn(parts: ReconcileParts, to: string, by: ProductId): Promise<Verdict> {
  const { database, settings } = parts;
  const now = await readRollout(database.sql, to, by);
  if (now?.stage !== 'canary') return now?.stage === 'all' ? 'goes on' : 'stops';
  const wanted = settings.rollout;
  const more = placesTaken(now) < wanted.canaries && (await hasUnasked(database.sql, to));
  const verdict = judgeTrial({ ...now, more }, wanted);
  if (verdict === 'stops') await stop(parts, to, now.failed);
  if (verdict === 'goes on') {
    const cause = { kind: 'clock', why: `the template ${to} goes to all` } as const;
    await letAllFollow(parts, to, cause, by);
  }
  return verdict;
}

async function stop(parts: ReconcileParts, to: string, failed: number): Promise<void> {
  const stopped = await carryOut(parts, {
    action: 'stop-rollout',
    target: to,
    cause: { kind: 'clock', why: `${failed} canaries of ${to} failed` },
    change: async (trx) => ((await setStage(trx, to, 'stopped', parts.clock())) ? [] : null),
  });
  if (stopped !== null) parts.log.error('the rollout of a template stopped', { template: to, failed });
}

/**
 * The canaries did well, or a person says so.
 *
 * @param except in whose run that was found: it needs no other
 * @returns how many follow
 */
export async function letAllFollow(
  parts: ReconcileParts,
  to: string,
  cause: Cause,
  except?: ProductId,
): Promise<number> {
  const followers = await carryOut(parts, {
    action: cause.kind === 'person' ? 'order-release-template' : 'release-template',
    target: to,
    cause,
    unhurried: true,
    change: async (trx) => {
      const changed = await setStage(trx, to, 'all', parts.clock());
      if (!changed && cause.kind !== 'person') return null;
      return (await listBehind(trx, to)).filter((id) => id !== except);
    },
  });
  if (followers !== null)
    parts.log.info('a new version of a template goes to all', { template: to, products: followers });
  return followers ?? 0;
}

/** What people read meanwhile. */
export function noticeOf(turn: Turn): readonly Condition[] {
  if (turn.kind === 'follows') return [];
  return [{ type: 'Notice', status: true, reason: 'TemplateHeld', message: turn.why }];
}

function waits(to: string, why: string): Turn {
  const message = `The files stay as they are: the template ${to} waits, ${why}. To go on now: \`provisioner template release ${to}\`.`;
  return { kind: 'waits', why: message };
}
