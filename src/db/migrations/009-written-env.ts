import type { Kysely } from 'kysely';

/** What was last written to `.env`: see `db/tables.ts`. Unknown until the next look at a product that is in order. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('product').addColumn('env_sha256', 'text').execute();
}
