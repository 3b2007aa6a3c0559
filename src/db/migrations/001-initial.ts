import type { Kysely } from 'kysely';

/** Deliveries, products, grants, access keys, runs and the brake: see `db/tables.ts` for what the columns mean. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('delivery')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('received_at', 'timestamptz', (column) => column.notNull())
    .addColumn('generation', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('verdict', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('products', 'jsonb', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('delivery_received_at').on('delivery').column('received_at').execute();

  await db.schema
    .createTable('product')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('namespace', 'text', (column) => column.notNull())
    .addColumn('home', 'text', (column) => column.notNull().unique())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('teardown_agreed', 'boolean', (column) => column.notNull().defaultTo(false))
    .addColumn('conditions', 'jsonb', (column) => column.notNull())
    .addColumn('template', 'text')
    .addColumn('files', 'jsonb', (column) => column.notNull())
    .addColumn('updated_at', 'timestamptz', (column) => column.notNull())
    .addColumn('retired_at', 'timestamptz')
    .execute();

  await db.schema
    .createTable('wake')
    .addColumn('product', 'uuid', (column) => column.primaryKey())
    .addColumn('at', 'timestamptz')
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('wake_at').on('wake').column('at').execute();

  await db.schema
    .createTable('grant')
    .addColumn('consumer', 'uuid', (column) => column.notNull())
    .addColumn('output_port', 'uuid', (column) => column.notNull())
    .addColumn('provider', 'uuid', (column) => column.notNull())
    .addColumn('since', 'timestamptz', (column) => column.notNull())
    .addPrimaryKeyConstraint('grant_pkey', ['consumer', 'output_port'])
    .execute();
  await db.schema.createIndex('grant_provider').on('grant').columns(['provider', 'output_port']).execute();

  await db.schema
    .createTable('access_key')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('product', 'uuid', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('secret_sha256', 'text')
    .addColumn('issued_at', 'timestamptz', (column) => column.notNull())
    .addColumn('grace_until', 'timestamptz')
    .addColumn('expires_at', 'timestamptz')
    .execute();
  await db.schema.createIndex('access_key_product').on('access_key').column('product').execute();

  await db.schema
    .createTable('credential_token')
    .addColumn('product', 'uuid', (column) => column.primaryKey())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('run')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('product', 'uuid', (column) => column.notNull())
    .addColumn('cause', 'jsonb', (column) => column.notNull())
    .addColumn('started_at', 'timestamptz', (column) => column.notNull())
    .addColumn('ms', 'double precision', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('error_code', 'text')
    .addColumn('error_message', 'text')
    .addColumn('actions', 'jsonb', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('run_product').on('run').columns(['product', 'started_at']).execute();
  await db.schema.createIndex('run_started_at').on('run').column('started_at').execute();

  await db.schema
    .createTable('brake')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('engaged_at', 'timestamptz', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .execute();
}
