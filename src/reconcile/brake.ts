/**
 * The brake: when products vanish in numbers, nothing is torn down until a person agrees. In the portal, deleting a
 * lifecycle deletes every product in it at once, finalizers or not (observed on v0.7.0 and main); a portal restored
 * from an old backup looks the same.
 */
import { insertAudit } from '../db/audit.ts';
import { engageBrake, readBrake, releaseBrake } from '../db/brake.ts';
import { countRetiredSince, listUnretired, type ProductRecord } from '../db/products.ts';
import { carryOut } from './order.ts';
import type { Run } from './outcome.ts';
import type { BrakeSettings, ReconcileParts } from './parts.ts';

/** Numbers that the decision is made of. */
export interface Disappearance {
  /** Products that should go now, this one included. */
  readonly gone: number;
  /** Torn down within the window. */
  readonly recently: number;
  /** Products with a home. */
  readonly known: number;
}

/** Why the brake must go on, or `null`. Pure. */
export function reasonToBrake(
  { gone, recently, known }: Disappearance,
  settings: BrakeSettings,
): string | null {
  const lost = gone + recently;
  const all = known + recently;
  if (lost < settings.minimum || lost * 100 <= all * settings.percent) return null;
  const minutes = Math.round(settings.windowMs / 60_000);
  return `${lost} of ${all} products went away within ${minutes} min, more than ${settings.percent} %`;
}

/**
 * Whether the product may be torn down now: `null` = yes, else why not. Looks at the portal's whole list, so that the
 * first of a wave is held as well as the last.
 */
export async function whyHeld(
  parts: ReconcileParts,
  record: ProductRecord,
  run: Run,
): Promise<string | null> {
  // What was begun is finished: half a home helps nobody.
  if (record.teardownAgreed || record.state === 'retiring') return null;
  const db = parts.database.sql;
  const { brake } = parts.settings;
  const engaged = await readBrake(db);
  if (engaged !== null) return engaged.reason;

  const since = new Date(parts.clock().getTime() - brake.windowMs);
  const [listed, known, recently] = await Promise.all([
    parts.portal.listProducts(),
    listUnretired(db),
    countRetiredSince(db, since),
  ]);
  const staying = new Set(
    listed.filter((product) => product.status !== 'deleting').map((product) => product.id),
  );
  const gone = known.filter((each) => !each.teardownAgreed && !staying.has(each.id)).length;
  const reason = reasonToBrake({ gone, recently, known: known.length }, brake);
  if (reason === null) return null;
  await putOn(parts, reason, record, run);
  return reason;
}

async function putOn(
  { database, clock, metrics, log }: ReconcileParts,
  reason: string,
  { id: product }: ProductRecord,
  { id: run, cause }: Run,
): Promise<void> {
  const at = clock();
  const isNew = await database.sql.transaction().execute(async (trx) => {
    if (!(await engageBrake(trx, reason, at))) return false;
    const entry = { at, actor: 'provisioner', cause, product, run };
    await insertAudit(trx, [{ ...entry, action: 'engage-brake', target: 'brake', after: { reason } }]);
    return true;
  });
  if (!isNew) return;
  metrics.brake(true);
  log.error('the brake is on: nothing is torn down until `provisioner brake release`', { reason });
}

/** A person agrees to the tear-downs that are held. @returns how many there are */
export async function letBrakeGo(
  parts: Pick<ReconcileParts, 'database' | 'queue' | 'clock' | 'metrics' | 'log'>,
  who: string,
): Promise<number> {
  const released = await carryOut(parts, {
    action: 'order-release-brake',
    target: 'brake',
    cause: { kind: 'person', what: 'brake release', who },
    change: releaseBrake,
  });
  const products = released ?? 0;
  parts.metrics.brake(false);
  parts.log.warn('the brake was released by a person', { by: who, products });
  return products;
}
