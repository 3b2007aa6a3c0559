/** The books on keys to our own API: digests, roles, ends. */
import { type Kysely, sql as raw, type Transaction } from 'kysely';
import type { RoleName } from '../model/role.ts';
import type { Tables } from './tables.ts';

/** A key as its makers see it later: everything but what opens. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly role: RoleName;
  readonly madeAt: Date;
  readonly madeBy: string;
  readonly expiresAt: Date | null;
  /** Up to a minute behind. */
  readonly usedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** A key to be noted; `sha256` is the digest of its secret part. */
export type NewApiKey = Omit<ApiKeyRecord, 'usedAt' | 'revokedAt'> & { readonly sha256: string };

/** Idempotent by id: a key that is there stays as it is. `false`: it was there. */
export async function insertApiKey(trx: Transaction<Tables>, key: NewApiKey): Promise<boolean> {
  const row = await trx
    .insertInto('api_key')
    .values({
      id: key.id,
      name: key.name,
      role: key.role,
      sha256: key.sha256,
      made_at: key.madeAt,
      made_by: key.madeBy,
      expires_at: key.expiresAt,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether another key that works when this one is made has its name. */
export async function isNameTaken(
  trx: Transaction<Tables>,
  { id, name, madeAt }: Pick<NewApiKey, 'id' | 'name' | 'madeAt'>,
): Promise<boolean> {
  const other = await trx
    .selectFrom('api_key')
    .select('id')
    .where('name', '=', name)
    .where('id', '!=', id)
    .where('revoked_at', 'is', null)
    .where((on) => on.or([on('expires_at', 'is', null), on('expires_at', '>', madeAt)]))
    .limit(1)
    .executeTakeFirst();
  return other !== undefined;
}

/** The key with its digest, also when it has ended. */
export async function findApiKey(
  db: Kysely<Tables>,
  id: string,
): Promise<(ApiKeyRecord & { readonly sha256: string }) | null> {
  const row = await db.selectFrom('api_key').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : { ...toRecord(row), sha256: row.sha256 };
}

/** Keys that open something yet, but end within `withinMs`, or are in the last quarter of a life that is shorter. */
export async function listApiKeysNearEnd(
  db: Kysely<Tables>,
  now: Date,
  withinMs: number,
): Promise<{ readonly id: string; readonly name: string; readonly expiresAt: Date }[]> {
  const soon = new Date(now.getTime() + withinMs);
  const rows = await db
    .selectFrom('api_key')
    .select(['id', 'name', 'expires_at'])
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .where('expires_at', '<', soon)
    .where(raw<boolean>`made_at + (expires_at - made_at) * 0.75 < ${now}`)
    .execute();
  return rows.flatMap(({ id, name, expires_at: expiresAt }) =>
    expiresAt === null ? [] : [{ id, name, expiresAt }],
  );
}

/** Whether any key was ever made. */
export async function hasApiKeys(db: Kysely<Tables>): Promise<boolean> {
  return (await db.selectFrom('api_key').select('id').limit(1).executeTakeFirst()) !== undefined;
}

/** Ends the key and the logins made with it. `false`: there is no such key that still works. */
export async function revokeApiKey(trx: Transaction<Tables>, id: string, now: Date): Promise<boolean> {
  const ended = await trx
    .updateTable('api_key')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  await trx.deleteFrom('session').where('api_key', '=', id).execute();
  return ended !== undefined;
}

export async function noteApiKeyUse(db: Kysely<Tables>, id: string, now: Date): Promise<void> {
  await db.updateTable('api_key').set({ used_at: now }).where('id', '=', id).execute();
}

/** A row as the rest of the program has it. */
export function toRecord(row: {
  readonly id: string;
  readonly name: string;
  readonly role: RoleName;
  readonly made_at: Date;
  readonly made_by: string;
  readonly expires_at: Date | null;
  readonly used_at: Date | null;
  readonly revoked_at: Date | null;
}): ApiKeyRecord {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    madeAt: row.made_at,
    madeBy: row.made_by,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    revokedAt: row.revoked_at,
  };
}
