/** The books on logins: digest of what the cookie holds, who it is, until when. */
import type { Kysely } from 'kysely';
import type { RoleName } from '../model/role.ts';
import type { Tables } from './tables.ts';

export interface SessionRecord {
  readonly sha256: string;
  readonly name: string;
  readonly role: RoleName;
  /** The key that was logged in with, if one was; `settings:` and a digest for the one of the settings. */
  readonly apiKey: string | null;
  readonly expiresAt: Date;
}

/** Also clears away what has ended. */
export async function insertSession(db: Kysely<Tables>, session: SessionRecord, now: Date): Promise<void> {
  await db.deleteFrom('session').where('expires_at', '<=', now).execute();
  await db
    .insertInto('session')
    .values({
      sha256: session.sha256,
      name: session.name,
      role: session.role,
      api_key: session.apiKey,
      made_at: now,
      expires_at: session.expiresAt,
    })
    .execute();
}

/** `null` when there is none, or it has ended. */
export async function findSession(
  db: Kysely<Tables>,
  sha256: string,
  now: Date,
): Promise<SessionRecord | null> {
  const row = await db
    .selectFrom('session')
    .selectAll()
    .where('sha256', '=', sha256)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { sha256, name: row.name, role: row.role, apiKey: row.api_key, expiresAt: row.expires_at };
}

export async function deleteSession(db: Kysely<Tables>, sha256: string): Promise<void> {
  await db.deleteFrom('session').where('sha256', '=', sha256).execute();
}
