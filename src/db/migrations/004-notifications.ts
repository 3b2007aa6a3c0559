import { type Kysely, sql } from 'kysely';

/** What people are told, and a quick way to the products that are not well; see `db/tables.ts`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notification')
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('facts', 'jsonb', (column) => column.notNull())
    .addColumn('opened_at', 'timestamptz', (column) => column.notNull())
    .addColumn('told_at', 'timestamptz')
    .addColumn('over_at', 'timestamptz')
    .addColumn('next_at', 'timestamptz')
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('notification_pkey', ['subject', 'reason', 'channel'])
    .execute();
  await db.schema.createIndex('notification_next_at').on('notification').column('next_at').execute();
  await db.schema
    .createIndex('product_headline')
    .on('product')
    .expression(sql`(conditions->0->>'type')`)
    .execute();
}
