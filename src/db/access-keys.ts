/** The books on access keys: which we made and how they stand; never a secret. */
import { type Kysely, sql as raw } from 'kysely';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';
import type { Change } from './together.ts';

/** A key that we made. */
export interface KeyRecord {
  readonly id: string;
  readonly state: 'issued' | 'current' | 'grace';
  /** `null` until the store has made it. */
  readonly secretSha256: string | null;
  readonly issuedAt: Date;
  readonly graceUntil: Date | null;
  /** When it ends by itself, if it does. */
  readonly expiresAt: Date | null;
  /** When it was proven under the policy of today; `null`: it has to be (again). */
  readonly provenAt: Date | null;
}

export async function listKeys(db: Kysely<Tables>, product: ProductId): Promise<KeyRecord[]> {
  const rows = await db
    .selectFrom('access_key')
    .select(['id', 'state', 'secret_sha256', 'issued_at', 'grace_until', 'expires_at', 'proven_at'])
    .where('product', '=', product)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    state: row.state,
    secretSha256: row.secret_sha256,
    issuedAt: row.issued_at,
    graceUntil: row.grace_until,
    expiresAt: row.expires_at,
    provenAt: row.proven_at,
  }));
}

/** The policy that the product's keys work under is about to change: each has to be proven again. */
export async function noteUnproven(db: Kysely<Tables>, product: ProductId): Promise<void> {
  await db.updateTable('access_key').set({ proven_at: null }).where('product', '=', product).execute();
}

/** The key opens what it must, and nothing else. */
export async function noteProven(db: Kysely<Tables>, id: string, now: Date): Promise<void> {
  await db.updateTable('access_key').set({ proven_at: now }).where('id', '=', id).execute();
}

/** What is known of a key as soon as there is one. */
export type NewKey = Pick<KeyRecord, 'id' | 'secretSha256' | 'expiresAt'> &
  Partial<Pick<KeyRecord, 'provenAt'>>;

/**
 * Notes a key before anybody has it: before it is made, where its name is ours to choose, and after. A session that was
 * opened under a name that is there takes the place of the one before.
 */
export async function noteIssued(
  db: Kysely<Tables>,
  product: ProductId,
  key: NewKey,
  now: Date,
): Promise<void> {
  await db
    .insertInto('access_key')
    .values({
      id: key.id,
      product,
      state: 'issued',
      secret_sha256: key.secretSha256,
      issued_at: now,
      grace_until: null,
      expires_at: key.expiresAt,
      proven_at: key.provenAt ?? null,
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({
        secret_sha256: key.secretSha256,
        issued_at: now,
        expires_at: key.expiresAt,
        proven_at: key.provenAt ?? null,
      }),
    )
    .execute();
}

/**
 * The key is in the workspace now; the one before it works on until its grace ends. Not made yet.
 *
 * @param facts what is known of it beside what was noted
 */
export function currentKeyChanges(
  db: Kysely<Tables>,
  product: ProductId,
  id: string,
  graceUntil: Date,
  facts?: Omit<KeyRecord, 'id' | 'state' | 'graceUntil'>,
): readonly Change[] {
  const known = facts && {
    secret_sha256: facts.secretSha256,
    issued_at: facts.issuedAt,
    expires_at: facts.expiresAt,
    proven_at: facts.provenAt,
  };
  const before = db
    .updateTable('access_key')
    .set({ state: 'grace', grace_until: graceUntil })
    .where('product', '=', product)
    .where('state', '=', 'current')
    .where('id', '!=', id);
  const current = db
    .updateTable('access_key')
    .set({ state: 'current', grace_until: null, ...known })
    .where('id', '=', id);
  return [before, current];
}

export async function forgetKey(db: Kysely<Tables>, id: string): Promise<void> {
  await db.deleteFrom('access_key').where('id', '=', id).execute();
}

/** The key that was handed over last, with its digest. */
export async function findCurrentKey(
  db: Kysely<Tables>,
  product: ProductId,
): Promise<{ readonly id: string; readonly digest: string } | null> {
  const keys = await listKeys(db, product);
  const key = keys.find(({ state }) => state === 'current');
  return key === undefined ? null : { id: key.id, digest: key.secretSha256 ?? '' };
}

/** Upper ends of the groups that keys are counted in by their age. */
const ages = {
  '1h': 3_600_000,
  '1d': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
  '90d': 7_776_000_000,
};

/** How many keys are how old. */
export async function countKeysByAge(
  db: Kysely<Tables>,
  now: Date,
): Promise<readonly { readonly state: string; readonly age: string; readonly count: number }[]> {
  const groups = Object.entries(ages).map(
    ([age, ms]) => raw`when issued_at > ${new Date(now.getTime() - ms)} then ${raw.lit(age)}`,
  );
  const age = raw<string>`case ${raw.join(groups, raw` `)} else 'older' end`;
  const rows = await db
    .selectFrom((from) =>
      from
        .selectFrom('access_key')
        .select(['state', age.as('age')])
        .as('key'),
    )
    .select((key) => ['state', 'age', key.fn.countAll().as('count')])
    .groupBy(['state', 'age'])
    .execute();
  return rows.map((row) => ({ state: row.state, age: row.age, count: Number(row.count) }));
}

/** A key in use that should have been renewed. */
export interface OverdueKey {
  /** Its product. */
  readonly id: ProductId;
  readonly name: string;
  readonly home: string;
  readonly issuedAt: Date;
  /** `null`: it has no end. */
  readonly expiresAt: Date | null;
}

const dayMs = 86_400_000;

/**
 * Keys in use that end and have less than a quarter of their life left (they are renewed at half of it), and those
 * without an end that are a day older than `maxAgeMs`, or a quarter of it when that is less. A paused product's stay as
 * they are.
 *
 * @param maxAgeMs age at which keys without an end are renewed; `null`: never
 */
export async function listOverdueKeys(
  db: Kysely<Tables>,
  now: Date,
  maxAgeMs: number | null,
): Promise<readonly OverdueKey[]> {
  const oldest =
    maxAgeMs === null ? null : new Date(now.getTime() - maxAgeMs - Math.min(dayMs, maxAgeMs / 4));
  const isLate = raw<boolean>`issued_at + (expires_at - issued_at) * 0.75 < ${now}`;
  const rows = await db
    .selectFrom('access_key')
    .innerJoin('product', 'product.id', 'access_key.product')
    .select(['product.id', 'name', 'home', 'issued_at', 'expires_at'])
    .where('access_key.state', '=', 'current')
    .where((on) => {
      if (oldest === null) return isLate;
      const isOld = on.and([
        on('expires_at', 'is', null),
        on('issued_at', '<', oldest),
        on('product.paused_at', 'is', null),
      ]);
      return on.or([isLate, isOld]);
    })
    .execute();
  return rows.map(({ issued_at: issuedAt, expires_at: expiresAt, ...product }) => ({
    ...product,
    issuedAt,
    expiresAt,
  }));
}
