/** An embedded database of one's own, and rows for it as a daemon would have written them. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Insertable, Kysely } from 'kysely';
import { type Database, openDatabase } from '../../src/db/connection.ts';
import type { Stage } from '../../src/db/rollouts.ts';
import type { ProductTable, RunTable, Tables } from '../../src/db/tables.ts';
import type { Condition } from '../../src/model/condition.ts';
import { OutputPortId, ProductId } from '../../src/model/ids.ts';
import type { ActionRecord, Cause } from '../../src/model/run.ts';
import { copyDatabase } from './prepared-database.ts';

export interface Books extends AsyncDisposable {
  readonly database: Database;
  readonly db: Kysely<Tables>;
}

export async function openBooks(): Promise<Books> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-books-'));
  const database = await openDatabase(await copyDatabase(join(folder, 'data')));
  return {
    database,
    db: database.sql,
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const newKeyId = () => `AKIA${randomUUID().slice(-12).toUpperCase()}0000`;
export const newProductId = () => ProductId.parse(randomUUID());
export const newPortId = () => OutputPortId.parse(randomUUID());

export const ready: Condition = { type: 'Ready', status: true, reason: 'HomeInOrder', message: 'In order.' };
export const degraded: Condition = {
  type: 'Degraded',
  status: true,
  reason: 'StoreDenied',
  message: 'The store refused.',
};

/** Notes a product and returns its id. */
export async function noteProduct(
  db: Kysely<Tables>,
  name: string,
  {
    conditions = [ready],
    ...more
  }: Partial<Omit<Insertable<ProductTable>, 'conditions'>> & { conditions?: readonly Condition[] } = {},
): Promise<ProductId> {
  const id = newProductId();
  const home = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
  await db
    .insertInto('product')
    .values({
      id,
      name,
      namespace: home,
      home: `${home}-${id.slice(0, 8)}`,
      state: 'live',
      conditions: JSON.stringify(conditions),
      template: 'sqlmesh@3',
      files: '{}',
      updated_at: new Date(),
      ...more,
    })
    .execute();
  return id;
}

/** Notes the key that a product's people work with. */
export async function noteKey(
  db: Kysely<Tables>,
  product: ProductId,
  id = newKeyId(),
  issuedAt = new Date(),
): Promise<string> {
  await db
    .insertInto('access_key')
    .values({
      id,
      product,
      state: 'current',
      secret_sha256: null,
      issued_at: issuedAt,
      grace_until: null,
      expires_at: null,
      proven_at: issuedAt,
    })
    .execute();
  return id;
}

/** Notes a run and returns its id. */
export async function noteRun(
  db: Kysely<Tables>,
  product: ProductId,
  {
    cause = { kind: 'resync' },
    actions = [],
    ...more
  }: Partial<Omit<Insertable<RunTable>, 'cause' | 'actions'>> & {
    cause?: Cause;
    actions?: readonly ActionRecord[];
  } = {},
): Promise<string> {
  const id = randomUUID();
  await db
    .insertInto('run')
    .values({
      id,
      product,
      cause: JSON.stringify(cause),
      started_at: new Date(),
      ms: 100,
      outcome: 'succeeded',
      actions: JSON.stringify(actions),
      error_code: null,
      error_message: null,
      ...more,
    })
    .execute();
  return id;
}

/** Notes an accepted delivery and returns its id. */
export async function noteDelivery(
  db: Kysely<Tables>,
  products: readonly ProductId[],
  at = new Date(),
  ignored: string | null = null,
): Promise<string> {
  const id = randomUUID();
  await db
    .insertInto('delivery')
    .values({
      id,
      received_at: at,
      generation: 'v2',
      event: 'data_product.updated',
      verdict: ignored === null ? 'accepted' : 'ignored',
      reason: ignored,
      products: JSON.stringify(products),
    })
    .execute();
  return id;
}

/** Lets a consumer read a provider. */
export async function noteGrant(
  db: Kysely<Tables>,
  consumer: ProductId,
  provider: ProductId,
  since = new Date(),
  facts: { name: string | null; until: string | null } = { name: 'Leads', until: null },
): Promise<OutputPortId> {
  const port = newPortId();
  await db
    .insertInto('grant')
    .values({
      consumer,
      provider,
      output_port: port,
      since,
      output_port_name: facts.name,
      valid_until: facts.until,
    })
    .execute();
  return port;
}

/** Notes the rollout of a template's version, with those who try it first. */
export async function noteRollout(
  db: Kysely<Tables>,
  template: string,
  stage: Stage,
  canaries: Readonly<Record<ProductId, 'succeeded' | 'failed' | null>> = {},
  begunAt = new Date(),
): Promise<void> {
  await db.insertInto('rollout').values({ template, stage, begun_at: begunAt }).execute();
  for (const [product, outcome] of Object.entries(canaries))
    await db
      .insertInto('rollout_canary')
      .values({ template, product: ProductId.parse(product), outcome })
      .execute();
}

/** Notes an audit row that nobody has numbered yet, and returns its id. */
export async function noteAudit(
  db: Kysely<Tables>,
  action: string,
  more: { actor?: string; product?: ProductId; at?: Date } = {},
): Promise<string> {
  const id = randomUUID();
  await db
    .insertInto('audit')
    .values({
      id,
      at: more.at ?? new Date(),
      actor: more.actor ?? 'provisioner',
      cause: JSON.stringify({ kind: 'resync' }),
      product: more.product ?? null,
      run: null,
      action,
      target: 'sales/',
      before: null,
      after: JSON.stringify({ note: action }),
      seq: null,
      hash: null,
    })
    .execute();
  return id;
}
