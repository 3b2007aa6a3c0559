import { type Kysely, sql } from 'kysely';

/** When each key was proven last: see `db/tables.ts`. Those that people have were proven before they got them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('access_key').addColumn('proven_at', 'timestamptz').execute();
  await sql`update provisioner.access_key set proven_at = issued_at where state <> 'issued'`.execute(db);
}
