/**
 * A new version of a template goes to a few products first, then to all: a mistake in it reaches few, and people decide
 * what happens then.
 */
import type { ProductRecord } from '../db/products.ts';
import { joinCanaries, listBehind, noteCanary, readRollout, setStage } from '../db/rollouts.ts';
import type { Condition } from '../model/condition.ts';
import type { ProductId } from '../model/ids.ts';
import type { Product } from '../model/product.ts';
import type { Cause } from '../model/run.ts';
import { fits } from '../workspace/catalogue.ts';
import type { FilesOutcome } from '../workspace/update.ts';
import { carryOut } from './order.ts';
import type { ReconcileParts } from './parts.ts';

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
  { template: from, id }: ProductRecord,
  to: string | null,
  rehearsal = false,
): Promise<Turn> {
  const { rollout } = parts.settings;
  if (rollout.canaries === 0 || from === null || to === null || from === to) return follows;
  if (nameOf(from) !== nameOf(to)) return follows;
  const db = parts.database.sql;
  const known = await readRollout(db, to, id);
  if (known?.stage === 'all') return follows;
  if (known?.stage === 'stopped') return waits(to, `its rollout stopped after ${known.failed} failed`);
  if (known?.member === true) return { kind: 'follows', canary: true };
  const room = (known?.canaries ?? 0) < rollout.canaries && fits(rollout, product);
  const joined = room && (rehearsal || (await joinCanaries(db, to, id, rollout.canaries, parts.clock())));
  return joined ? { kind: 'follows', canary: true } : waits(to, 'others try it first');
}

/** Notes how a canary fared, and lets all others follow, or nobody. */
export async function noteTurn(
  parts: ReconcileParts,
  product: ProductRecord,
  to: string,
  failed: boolean,
  files: FilesOutcome | null,
): Promise<void> {
  const db = parts.database.sql;
  const outcome = failed || (files?.conflicts.length ?? 0) > 0 ? 'failed' : 'succeeded';
  await noteCanary(db, to, product.id, outcome);
  const now = await readRollout(db, to, product.id);
  if (now?.stage !== 'canary') return;
  const { canaries, stopAfter } = parts.settings.rollout;
  if (now.failed >= stopAfter) await stop(parts, to, now.failed);
  else if (now.succeeded + now.failed >= canaries) {
    const cause = { kind: 'clock', why: `the template ${to} goes to all` } as const;
    await letAllFollow(parts, to, cause, product.id);
  }
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
 * @param except the last canary, which is being noted
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
      await setStage(trx, to, 'all', parts.clock());
      return (await listBehind(trx, nameOf(to), to)).filter((id) => id !== except);
    },
  });
  const products = followers ?? 0;
  parts.log.info('a new version of a template goes to all', { template: to, products });
  return products;
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

function nameOf(template: string): string {
  return template.slice(0, template.lastIndexOf('@'));
}
