/**
 * Once a second: wakes products whose time has come, takes the brake off when the control folder says so, learns
 * whether all is paused, and numbers the audit.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sealAudit } from '../db/audit.ts';
import { releaseBrake } from '../db/brake.ts';
import { takeDue } from '../db/wake.ts';
import { releaseFile } from '../model/control.ts';
import { asProvisionerError } from '../model/errors.ts';
import { ProductId } from '../model/ids.ts';
import type { ReconcileParts } from './parts.ts';

type Parts = Pick<ReconcileParts, 'queue' | 'database' | 'log' | 'clock' | 'metrics' | 'estate'>;

const tickMs = 1000;

/** Starts ticking once a second. Disposing stops it. */
export function startAlarmClock(parts: Parts, controlFolder: string): AsyncDisposable {
  let ticking: Promise<void> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    ticking = tick(parts, controlFolder).finally(() => {
      busy = false;
    });
  }, tickMs);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await ticking;
    },
  };
}

async function tick(parts: Parts, controlFolder: string): Promise<void> {
  const { queue, database, log, clock, estate } = parts;
  try {
    const due = await takeDue(database.sql, clock());
    await queue.reconcile(
      due.map((product) => ({ product, cause: { kind: 'clock', why: 'its time has come' } })),
    );
    if (await releaseAsked(controlFolder)) await release(parts);
    await estate.refresh(database.sql);
    await sealAudit(database.sql);
  } catch (thrown) {
    log.error('the clock could not tick', { error: asProvisionerError(thrown).message });
  }
}

/** Taking the file away is the taking of the order: it counts once. */
async function releaseAsked(controlFolder: string): Promise<boolean> {
  try {
    await rm(join(controlFolder, releaseFile));
    return true;
  } catch {
    return false;
  }
}

async function release({ database, queue, log, metrics }: Parts): Promise<void> {
  const products = (await releaseBrake(database.sql)).map((id) => ProductId.parse(id));
  metrics.brake(false);
  log.warn('the brake was released by a person', { products: products.length });
  await queue.reconcile(
    products.map((product) => ({ product, cause: { kind: 'person', what: 'brake release' } })),
  );
}
