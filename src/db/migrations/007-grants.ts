import type { Kysely } from 'kysely';

/** Name and last day of each grant. Rows from before stay unknown until their product is looked at as a whole. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('grant')
    .addColumn('output_port_name', 'text')
    .addColumn('valid_until', 'text')
    .execute();
}
