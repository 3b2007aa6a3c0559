import { type Kysely, sql } from 'kysely';

/** Keys and sessions of people and programs, and indexes for what they ask: see `db/tables.ts` for the columns. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('api_key')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .addColumn('made_at', 'timestamptz', (column) => column.notNull())
    .addColumn('made_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'timestamptz')
    .addColumn('used_at', 'timestamptz')
    .addColumn('revoked_at', 'timestamptz')
    .execute();

  await db.schema
    .createTable('session')
    .addColumn('sha256', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('api_key', 'text')
    .addColumn('made_at', 'timestamptz', (column) => column.notNull())
    .addColumn('expires_at', 'timestamptz', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('session_expires_at').on('session').column('expires_at').execute();

  await indexLists(db);
}

/** One index per order of a list, and one per filter that leaves few rows of many. */
async function indexLists(db: Kysely<unknown>): Promise<void> {
  const rank = sql`(case when state = 'retired' then 4 when conditions->0->>'type' = 'Degraded' then 0 when conditions->0->>'type' = 'Notice' then 2 when conditions->0->>'type' = 'Ready' then 3 else 1 end)`;
  await db.schema.createIndex('product_name').on('product').expression(sql`(lower(name)), id`).execute();
  await db.schema.createIndex('product_updated_at').on('product').columns(['updated_at', 'id']).execute();
  await db.schema
    .createIndex('product_rank')
    .on('product')
    .expression(sql`${rank}, (lower(name)), id`)
    .execute();
  await db.schema.createIndex('run_outcome').on('run').columns(['outcome', 'started_at']).execute();
  await db.schema.createIndex('run_delivery').on('run').expression(sql`(cause->>'delivery')`).execute();
  await db.schema
    .createIndex('delivery_verdict')
    .on('delivery')
    .columns(['verdict', 'received_at'])
    .execute();
  await db.schema
    .createIndex('delivery_products')
    .on('delivery')
    .using('gin')
    .expression(sql`products jsonb_path_ops`)
    .execute();
  await db.schema
    .createIndex('grant_since')
    .on('grant')
    .columns(['since', 'consumer', 'output_port'])
    .execute();
  await db.schema.createIndex('audit_actor').on('audit').columns(['actor', 'at']).execute();
  await db.schema.createIndex('audit_action').on('audit').columns(['action', 'at']).execute();
}
