import { type Kysely, sql } from 'kysely';

/** Sessions are noted by their names now. One that was noted by what it signs with is replaced, and ends by itself. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the tables as they were, not as they are
export async function up(db: Kysely<any>): Promise<void> {
  await db
    .deleteFrom('access_key')
    .where('expires_at', 'is not', null)
    .where(sql<boolean>`id !~ '^(session|fixed)-'`)
    .execute();
}
