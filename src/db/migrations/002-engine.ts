import type { Kysely } from 'kysely';

/** Pausing, asked rotations, drift checks, the archive and the audit: see `db/tables.ts` for what the columns mean. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // The queue makes its own tables, under a lock of its own, but its schema before that: two replicas would race for the
  // name, and `if not exists` does not help the loser. Migrations run under a lock.
  await db.schema.createSchema('queue').ifNotExists().execute();

  await db.schema
    .alterTable('product')
    .addColumn('paused_at', 'timestamptz')
    .addColumn('paused_by', 'text')
    .addColumn('rotate_why', 'text')
    .addColumn('checked_at', 'timestamptz')
    .addColumn('archive', 'text')
    .execute();

  await db.schema.alterTable('product').addColumn('fingerprint', 'text').execute();
  await db.schema.createIndex('product_checked_at').on('product').column('checked_at').execute();

  await db.schema
    .createTable('lease')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('holder', 'uuid', (column) => column.notNull())
    .addColumn('until', 'timestamptz', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('estate_pause')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('at', 'timestamptz', (column) => column.notNull())
    .addColumn('by', 'text', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('audit')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('at', 'timestamptz', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('cause', 'jsonb', (column) => column.notNull())
    .addColumn('product', 'uuid')
    .addColumn('run', 'uuid')
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('before', 'jsonb')
    .addColumn('after', 'jsonb')
    .addColumn('seq', 'bigint', (column) => column.unique())
    .addColumn('hash', 'text')
    .execute();
  await db.schema.createIndex('audit_product').on('audit').columns(['product', 'at']).execute();
  await db.schema.createIndex('audit_at').on('audit').column('at').execute();

  await db.schema
    .createTable('audit_head')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
}
