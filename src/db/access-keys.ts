/** The books on access keys: which we made and how they stand; never a secret. */
import { type Kysely, sql as raw } from 'kysely';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

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
  const rows = await db.selectFrom('access_key').selectAll().where('product', '=', product).execute();
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

/**
 * Notes a key before anybody has it: before it is made, where its name is ours to choose, and after. A session that was
 * opened under a name that is there takes the place of the one before.
 */
export async function noteIssued(
  db: Kysely<Tables>,
  product: ProductId,
  key: { readonly id: string; readonly secretSha256: string | null; readonly expiresAt: Date | null },
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
    })
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({ secret_sha256: key.secretSha256, issued_at: now, expires_at: key.expiresAt }),
    )
    .execute();
}

/** The key is in the workspace now; the one before it works on until its grace ends. */
export async function makeCurrent(
  db: Kysely<Tables>,
  product: ProductId,
  id: string,
  graceUntil: Date,
): Promise<void> {
  await db
    .updateTable('access_key')
    .set((key) => ({
      state: key
        .case()
        .when('id', '=', id)
        .then('current' as const)
        .else('grace' as const)
        .end(),
      grace_until: key
        .case()
        .when('id', '=', id)
        .then(null)
        .else(raw<Date>`cast(${graceUntil} as timestamptz)`)
        .end(),
    }))
    .where('product', '=', product)
    .where((key) => key.or([key('id', '=', id), key('state', '=', 'current')]))
    .execute();
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

/** How many keys are how old, and when the first of those in use ends by itself. */
export async function countKeysByAge(
  db: Kysely<Tables>,
  now: Date,
): Promise<{
  readonly counts: readonly { readonly state: string; readonly age: string; readonly count: number }[];
  readonly firstEnd: Date | null;
}> {
  const groups = Object.entries(ages).map(
    ([age, ms]) => raw`when issued_at > ${new Date(now.getTime() - ms)} then ${raw.lit(age)}`,
  );
  const age = raw<string>`case ${raw.join(groups, raw` `)} else 'older' end`;
  const rows = await db
    .selectFrom((from) =>
      from
        .selectFrom('access_key')
        .select(['state', 'expires_at', age.as('age')])
        .as('key'),
    )
    .select((key) => [
      'state',
      'age',
      key.fn.countAll().as('count'),
      key.fn.min('expires_at').filterWhere('state', '=', 'current').as('end'),
    ])
    .groupBy(['state', 'age'])
    .execute();
  const ends = rows.flatMap(({ end }) => end ?? []).map((end) => end.getTime());
  return {
    counts: rows.map((row) => ({ state: row.state, age: row.age, count: Number(row.count) })),
    firstEnd: ends.length === 0 ? null : new Date(Math.min(...ends)),
  };
}

/** Keys in use that have less than a quarter of their life left, with their products; they are renewed at half of it. */
export async function listKeysNearEnd(
  db: Kysely<Tables>,
  now: Date,
): Promise<
  { readonly id: ProductId; readonly name: string; readonly home: string; readonly expiresAt: Date }[]
> {
  const rows = await db
    .selectFrom('access_key')
    .innerJoin('product', 'product.id', 'access_key.product')
    .select(['product.id', 'product.name', 'product.home', 'access_key.expires_at'])
    .where('access_key.state', '=', 'current')
    .where(raw<boolean>`issued_at + (expires_at - issued_at) * 0.75 < ${now}`)
    .execute();
  return rows.flatMap(({ expires_at: expiresAt, ...product }) =>
    expiresAt === null ? [] : [{ ...product, expiresAt }],
  );
}

/** Keys in use that never end and are older than an instant, with their products; a paused product's stay as they are. */
export async function listKeysOlder(
  db: Kysely<Tables>,
  than: Date,
): Promise<
  { readonly id: ProductId; readonly name: string; readonly home: string; readonly issuedAt: Date }[]
> {
  const rows = await db
    .selectFrom('access_key')
    .innerJoin('product', 'product.id', 'access_key.product')
    .select(['product.id', 'product.name', 'product.home', 'access_key.issued_at'])
    .where('access_key.state', '=', 'current')
    .where('access_key.expires_at', 'is', null)
    .where('access_key.issued_at', '<', than)
    .where('product.paused_at', 'is', null)
    .execute();
  return rows.map(({ issued_at: issuedAt, ...product }) => ({ ...product, issuedAt }));
}
