import type { Kysely } from 'kysely';

/** Groups of workspaces, and what their remote repositories have: see `db/tables.ts` for what the columns mean. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('workspace_group')
    .addColumn('home', 'text', (column) => column.primaryKey())
    .addColumn('gid', 'bigint', (column) => column.notNull().unique())
    .execute();
  await db.schema
    .createTable('workspace_remote')
    .addColumn('product', 'uuid', (column) => column.primaryKey())
    .addColumn('tips', 'text', (column) => column.notNull())
    .addColumn('tried_at', 'timestamptz', (column) => column.notNull())
    .addColumn('problem', 'jsonb')
    .execute();
}
