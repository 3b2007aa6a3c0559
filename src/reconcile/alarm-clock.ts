/**
 * Once a second: wakes products whose time has come, or whose access ended with a day, takes the brake off when the
 * control folder says so, learns whether all is paused, and numbers the audit.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sealAudit } from '../db/audit.ts';
import { takeDue } from '../db/wake.ts';
import { Orderer, releaseFile } from '../model/control.ts';
import { asProvisionerError } from '../model/errors.ts';
import { letBrakeGo } from './brake.ts';
import { watchClock } from './clock-watch.ts';
import { watchEnds } from './expiry.ts';
import type { ReconcileParts } from './parts.ts';
import { startTicking } from './ticking.ts';

type Parts = Pick<ReconcileParts, 'queue' | 'database' | 'log' | 'clock' | 'metrics' | 'estate'>;

const tickMs = 1000;

/** An embedded database that fails for so long has lost its footing: a start finds it again, it does not. */
const stuckMs = 20_000;

/**
 * Starts ticking once a second. Disposing stops it.
 *
 * @param onStuck told once when the embedded database does not recover by itself
 */
export function startAlarmClock(parts: Parts, controlFolder: string, onStuck: () => void): AsyncDisposable {
  const minders = [watchClock(parts), watchEnds(parts)];
  return startTicking(tickMs, async () => {
    await tick(parts, controlFolder, minders);
    if (parts.database.embedded && parts.database.failingForMs() > stuckMs) onStuck();
  });
}

async function tick(
  parts: Parts,
  controlFolder: string,
  minders: readonly (() => Promise<void>)[],
): Promise<void> {
  const { database, log, estate } = parts;
  try {
    for (const mind of minders) await mind();
    await wakeDue(parts);
    const who = await releaseAsked(controlFolder);
    if (who !== null) await letBrakeGo(parts, who);
    await estate.refresh(database.sql);
    await sealAudit(database.sql);
  } catch (thrown) {
    log.error('the clock could not tick', { error: asProvisionerError(thrown).message });
  }
}

/** In one transaction: a product that is off the clock and not in the queue would be forgotten. */
async function wakeDue({ queue, database, clock }: Parts): Promise<void> {
  const cause = { kind: 'clock', why: 'its time has come' } as const;
  const woken = await database.sql.transaction().execute(async (trx) => {
    const due = await takeDue(trx, clock());
    return queue.add(trx, { reconcile: due.map((product) => ({ product, cause })) });
  });
  queue.wake(woken);
}

/** Taking the file away is the taking of the order: it counts once. @returns who gave it; `null`: nobody did */
async function releaseAsked(controlFolder: string): Promise<string | null> {
  const path = join(controlFolder, releaseFile);
  try {
    const who = await readFile(path, 'utf8');
    await rm(path);
    return Orderer.parse(who);
  } catch {
    return null;
  }
}
