/** The books on products: homes, conditions, when to look again. */
import { isDeepStrictEqual } from 'node:util';
import { type Kysely, sql as raw } from 'kysely';
import type { Condition } from '../model/condition.ts';
import type { HomeName } from '../model/home.ts';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

/** What we know of a product. */
export interface ProductRecord {
  readonly id: ProductId;
  readonly name: string;
  readonly namespace: string;
  readonly home: HomeName;
  readonly state: 'live' | 'held' | 'retiring' | 'retired';
  readonly teardownAgreed: boolean;
  readonly conditions: readonly Condition[];
  /** Path → digest of what was last rendered. */
  readonly files: Readonly<Record<string, string>>;
  /** `<id>@<version>` that it was last rendered from. */
  readonly template: string | null;
  /** While set, nothing is applied. */
  readonly pausedBy: string | null;
  /** Why a new key was asked for. */
  readonly rotateWhy: string | null;
  /** Folder of the workspace in the archive, if it is there. */
  readonly archive: string | null;
  /** What the portal's lists said of it when it was last brought in order; `null`: it has to be looked at. */
  readonly fingerprint: string | null;
  /** Digest of the lines that we last wrote to `.env`, without credentials; `null`: not known. */
  readonly envSha256: string | null;
}

const columns = [
  'id',
  'name',
  'namespace',
  'home',
  'state',
  'teardown_agreed',
  'conditions',
  'files',
  'template',
  'paused_by',
  'rotate_why',
  'archive',
  'fingerprint',
  'env_sha256',
] as const;

type Row = {
  id: ProductId;
  name: string;
  namespace: string;
  home: string;
  state: ProductRecord['state'];
  teardown_agreed: boolean;
  conditions: Condition[];
  files: Record<string, string>;
  template: string | null;
  paused_by: string | null;
  rotate_why: string | null;
  archive: string | null;
  fingerprint: string | null;
  env_sha256: string | null;
};

function toRecord(row: Row): ProductRecord {
  // Only names that passed `isHomeName` are ever inserted.
  return {
    ...row,
    home: row.home as HomeName,
    teardownAgreed: row.teardown_agreed,
    pausedBy: row.paused_by,
    rotateWhy: row.rotate_why,
    envSha256: row.env_sha256,
  };
}

export async function findProduct(db: Kysely<Tables>, id: ProductId): Promise<ProductRecord | null> {
  const row = await db.selectFrom('product').select(columns).where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toRecord(row);
}

export async function findProducts(db: Kysely<Tables>, ids: readonly ProductId[]): Promise<ProductRecord[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('product')
    .select(columns)
    .where((on) => on('id', '=', on.fn.any(on.val([...ids]))))
    .execute();
  return rows.map(toRecord);
}

/** Products with a home, or whose tear-down is not finished. */
export async function listUnretired(db: Kysely<Tables>): Promise<ProductRecord[]> {
  const rows = await db.selectFrom('product').select(columns).where('state', '!=', 'retired').execute();
  return rows.map(toRecord);
}

/** The same in ids alone: the records hold a digest of every file. */
export async function listUnretiredIds(db: Kysely<Tables>): Promise<ProductId[]> {
  const rows = await db.selectFrom('product').select('id').where('state', '!=', 'retired').execute();
  return rows.map((row) => row.id);
}

/** Product → what the portal's lists said of it when it was last brought in order. */
export async function listFingerprints(
  db: Kysely<Tables>,
): Promise<ReadonlyMap<ProductId, { readonly fingerprint: string | null; readonly state: string }>> {
  const rows = await db
    .selectFrom('product')
    .select(['id', 'fingerprint', 'state'])
    .where('state', '!=', 'retired')
    .execute();
  return new Map(rows.map(({ id, fingerprint, state }) => [id, { fingerprint, state }]));
}

/** Every product counts as one that was not looked at yet. */
export async function forgetFingerprints(db: Kysely<Tables>): Promise<void> {
  await db.updateTable('product').set({ fingerprint: null }).execute();
}

/** Products retired at or after an instant without a person's agreement: the brake counts them. */
export async function countRetiredSince(db: Kysely<Tables>, since: Date): Promise<number> {
  const row = await db
    .selectFrom('product')
    .select((expression) => expression.fn.countAll().as('count'))
    .where('state', '=', 'retired')
    .where('retired_at', '>=', since)
    .where('teardown_agreed', '=', false)
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/**
 * Claims a home for a product. The name is unique for ever: data of a retired product stays below it.
 *
 * @returns null when another product has (or had) that home, or this one has a record already
 */
export async function claimHome(
  db: Kysely<Tables>,
  product: Pick<ProductRecord, 'id' | 'name' | 'namespace'> & { readonly archive?: string | null },
  home: HomeName,
  now: Date,
): Promise<ProductRecord | null> {
  const row = await db
    .insertInto('product')
    .values({
      id: product.id,
      name: product.name,
      namespace: product.namespace,
      home,
      state: 'live',
      conditions: '[]',
      template: null,
      files: '{}',
      checked_at: now,
      updated_at: now,
      retired_at: null,
      archive: product.archive ?? null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning(columns)
    .executeTakeFirst();
  return row === undefined ? null : toRecord(row);
}

/** Columns of the product that a run may change. */
export interface ProductChange {
  readonly name?: string;
  readonly namespace?: string;
  readonly state?: ProductRecord['state'];
  readonly conditions?: readonly Condition[];
  readonly files?: Readonly<Record<string, string>>;
  readonly template?: string | null;
  readonly home?: HomeName;
  readonly retiredAt?: Date | null;
  readonly teardownAgreed?: boolean;
  readonly rotateWhy?: string | null;
  readonly archive?: string | null;
  readonly envSha256?: string;
  /** What the portal's lists say of a product that is in order; `null`: it has to be looked at. */
  readonly fingerprint?: string | null;
}

export async function changeProduct(
  db: Kysely<Tables>,
  id: ProductId,
  change: ProductChange,
  now: Date,
): Promise<void> {
  await productChange(db, id, change, now).execute();
}

/** The same, not made yet. */
export function productChange(db: Kysely<Tables>, id: ProductId, change: ProductChange, now: Date) {
  const { conditions, files, retiredAt, teardownAgreed, rotateWhy, envSha256, ...plain } = change;
  return db
    .updateTable('product')
    .set({
      ...plain,
      ...(conditions === undefined ? {} : { conditions: JSON.stringify(conditions) }),
      ...(files === undefined ? {} : { files: JSON.stringify(files) }),
      ...(retiredAt === undefined ? {} : { retired_at: retiredAt }),
      ...(teardownAgreed === undefined ? {} : { teardown_agreed: teardownAgreed }),
      ...(rotateWhy === undefined ? {} : { rotate_why: rotateWhy }),
      ...(envSha256 === undefined ? {} : { env_sha256: envSha256 }),
      updated_at: now,
    })
    .where('id', '=', id);
}

/** What of a change the record does not say already. */
export function newsIn(change: ProductChange, record: ProductRecord | null): ProductChange {
  const known: Partial<Record<string, unknown>> = { ...record };
  const news = Object.entries(change).filter(
    // Not as text: the database has an order of its own for what is in JSON.
    ([name, value]) => !(name in known) || !isDeepStrictEqual(value, known[name]),
  );
  return Object.fromEntries(news);
}

/** How many products stand how: state and the type of the first condition that holds. */
export async function countByCondition(
  db: Kysely<Tables>,
): Promise<{ state: string; condition: string; count: number; paused: number }[]> {
  const condition = raw<string>`coalesce(conditions->0->>'type', 'Progressing')`;
  const rows = await db
    .selectFrom('product')
    .select((on) => ['state', condition.as('condition'), on.fn.countAll().as('count')])
    .select((on) => on.fn.count('paused_at').as('paused'))
    .groupBy(['state', condition])
    .execute();
  return rows.map(({ count, paused, ...kind }) => ({
    ...kind,
    count: Number(count),
    paused: Number(paused),
  }));
}

/** A product whose headline says that it is not well. */
export interface DegradedProduct {
  readonly id: ProductId;
  readonly name: string;
  readonly home: string;
  readonly condition: Condition;
  /** Nothing is tried again before the next resync. */
  readonly parked: boolean;
}

export async function listDegraded(db: Kysely<Tables>): Promise<DegradedProduct[]> {
  const rows = await db
    .selectFrom('product')
    .leftJoin('wake', 'wake.product', 'product.id')
    .select(['product.id', 'name', 'home', 'conditions', 'wake.at', 'attempts'])
    .where(raw`conditions->0->>'type'`, '=', 'Degraded')
    .execute();
  return rows.flatMap(({ id, name, home, conditions, at, attempts }) => {
    const [condition] = conditions;
    return condition === undefined
      ? []
      : [{ id, name, home, condition, parked: at === null && (attempts ?? 0) > 0 }];
  });
}
