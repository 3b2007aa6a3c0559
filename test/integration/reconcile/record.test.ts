import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/db/connection.ts';
import { findWake } from '../../../src/db/wake.ts';
import { ProvisionerError } from '../../../src/model/errors.ts';
import { RunId } from '../../../src/model/ids.ts';
import { nothingToDo } from '../../../src/reconcile/outcome.ts';
import { recordRun } from '../../../src/reconcile/record.ts';
import { noteProduct } from '../../support/books.ts';
import { copyDatabase } from '../../support/prepared-database.ts';

async function aRun() {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-record-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const database = started.use(await openDatabase(await copyDatabase(join(folder, 'data'))));
  const product = await noteProduct(database.sql, 'Drifting');
  const now = new Date();
  const parts = { database, settings: { maxTries: 5 }, clock: () => now, random: () => 0.5 };
  const ended = {
    run: { id: RunId.parse(randomUUID()), cause: { kind: 'drift-check' }, defer: () => undefined },
    product,
    startedAt: new Date(),
    ms: 1,
    books: null,
  } as const;
  const rest = started.move();
  return { database, product, now, parts, ended, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

it('drift that could not be put right is told as no drift that was', async () => {
  await using run = await aRun();
  const parts = { ...run.parts, breakers: [] };
  const found = { ...nothingToDo, drift: ['policy'], leak: 'it lies in a commit' };
  expect(await recordRun(parts, { ...run.ended, outcome: found })).toMatchObject({ drift: ['policy'] });
  const error = new ProvisionerError('STORE_DENIED', 'No.');
  expect(await recordRun(parts, { ...run.ended, outcome: { ...found, error } })).toMatchObject({
    drift: [],
    leak: 'it lies in a commit',
    parked: true,
  });
});

it.each([
  ['is open', true, 60_000],
  ['has closed meanwhile, which hastened the others', false, 0],
])('a run is due again, when the breaker that turned it away %s, after so long', async (_, open, waitMs) => {
  await using run = await aRun();
  const error = new ProvisionerError('PORTAL_UNAVAILABLE', 'No.', { facts: { turnedAway: true } });
  const parts = { ...run.parts, breakers: [{ open }] };
  await recordRun(parts, { ...run.ended, outcome: { ...nothingToDo, error } });
  const { at, attempts } = await findWake(run.database.sql, run.product);
  expect(at?.getTime()).toBe(run.now.getTime() + waitMs);
  expect(attempts).toBe(1);
});
