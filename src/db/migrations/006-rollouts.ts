import type { Kysely } from 'kysely';

/** Rollouts of new template versions: see `db/tables.ts` for what the columns mean. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('rollout')
    .addColumn('template', 'text', (column) => column.primaryKey())
    .addColumn('stage', 'text', (column) => column.notNull())
    .addColumn('begun_at', 'timestamptz', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('rollout_canary')
    .addColumn('template', 'text', (column) => column.notNull())
    .addColumn('product', 'uuid', (column) => column.notNull())
    .addColumn('outcome', 'text')
    .addPrimaryKeyConstraint('rollout_canary_pkey', ['template', 'product'])
    .execute();
}
