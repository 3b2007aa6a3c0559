import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/db/connection.ts';
import { ProvisionerError } from '../../../src/model/errors.ts';
import { RunId } from '../../../src/model/ids.ts';
import { nothingToDo } from '../../../src/reconcile/outcome.ts';
import { recordRun } from '../../../src/reconcile/record.ts';
import { noteProduct } from '../../support/books.ts';
import { copyDatabase } from '../../support/prepared-database.ts';

it('drift that could not be put right is told as no drift that was', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-record-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const database = stack.use(await openDatabase(await copyDatabase(join(folder, 'data'))));
  const product = await noteProduct(database.sql, 'Drifting');
  const parts = { database, settings: { maxTries: 5 }, clock: () => new Date(), random: () => 0.5 };
  const ended = {
    run: { id: RunId.parse(randomUUID()), cause: { kind: 'drift-check' }, defer: () => undefined },
    product,
    startedAt: new Date(),
    ms: 1,
    books: null,
  } as const;
  const found = { ...nothingToDo, drift: ['policy'], leak: 'it lies in a commit' };
  expect(await recordRun(parts, { ...ended, outcome: found })).toMatchObject({ drift: ['policy'] });
  const error = new ProvisionerError('STORE_DENIED', 'No.');
  expect(await recordRun(parts, { ...ended, outcome: { ...found, error } })).toMatchObject({
    drift: [],
    leak: 'it lies in a commit',
    parked: true,
  });
});
