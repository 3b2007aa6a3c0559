/** A whole estate in the books, as years of work leave it: many products, runs and deliveries, written by the database itself. */
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../../src/db/tables.ts';

export interface EstateSize {
  readonly products: number;
  readonly runs: number;
  readonly deliveries: number;
  /** How many others each product reads. */
  readonly inputs: number;
}

/** One product in this many is degraded, one run in this many failed. */
const degradedOf = 250;
const failedOf = 100;

/**
 * Adds products `Product 1` … with homes `product-1` …, keys, grants, runs and deliveries of the last days, the newest
 * of them now. Runs have ten actions, products forty rendered files, as real ones do.
 */
export async function fillEstate(db: Kysely<Tables>, size: EstateSize): Promise<void> {
  await fillProducts(db, size);
  await fillHistory(db, size);
  await sql`analyze`.execute(db);
}

async function fillProducts(db: Kysely<Tables>, { products, inputs }: EstateSize): Promise<void> {
  const ready =
    '[{"type":"Ready","status":true,"reason":"HomeInOrder","message":"The home is as it should be."}]';
  const degraded =
    '[{"type":"Degraded","status":true,"reason":"StoreDenied","message":"The store refused our request: AccessDenied on PutUserPolicy. It is tried again with the next resync; a person has to look first."}]';
  await sql`
    insert into provisioner.product (id, name, namespace, home, state, conditions, template, files, updated_at, checked_at)
    select md5('product ' || i)::uuid, 'Product ' || i, 'product-' || i, 'product-' || i, 'live',
      case when i % ${sql.lit(degradedOf)} = 0 then ${degraded} else ${ready} end::jsonb, 'sqlmesh@3',
      (select jsonb_object_agg('models/folder/file' || j || '.sql', md5((i * j)::text) || md5(j::text)) from generate_series(1, 40) j),
      now() - i * interval '1 minute', now()
    from generate_series(1, ${sql.lit(products)}) i`.execute(db);
  await sql`
    insert into provisioner.access_key (id, product, state, issued_at, proven_at)
    select 'AKIA' || upper(substr(md5(i::text), 1, 16)), md5('product ' || i)::uuid, 'current', now() - i * interval '1 hour', now() - i * interval '1 hour'
    from generate_series(1, ${sql.lit(products)}) i`.execute(db);
  await sql`
    insert into provisioner.grant (consumer, output_port, provider, since)
    select md5('product ' || i)::uuid, md5('port ' || i || '/' || j)::uuid,
      md5('product ' || (1 + (i * 7 + j * 13) % ${sql.lit(products)}))::uuid, now() - i * interval '2 hours'
    from generate_series(1, ${sql.lit(products)}) i, generate_series(1, ${sql.lit(inputs)}) j
    where 1 + (i * 7 + j * 13) % ${sql.lit(products)} <> i
    on conflict do nothing`.execute(db);
}

async function fillHistory(db: Kysely<Tables>, { products, runs, deliveries }: EstateSize): Promise<void> {
  await sql`
    insert into provisioner.run (id, product, cause, started_at, ms, outcome, error_code, error_message, actions)
    select md5('run ' || i)::uuid, md5('product ' || (1 + i % ${sql.lit(products)}))::uuid,
      jsonb_build_object('kind', 'delivery', 'delivery', md5('delivery ' || i)::uuid), now() - i * interval '4 seconds',
      40 + (i * 37) % 900, case when i % ${sql.lit(failedOf)} = 0 then 'failed' else 'succeeded' end,
      case when i % ${sql.lit(failedOf)} = 0 then 'STORE_UNAVAILABLE' end,
      case when i % ${sql.lit(failedOf)} = 0 then 'The store did not answer within 10 s.' end,
      (select jsonb_agg(jsonb_build_object('kind', 'put-policy', 'description', 'put the policy: own prefix, no inputs',
        'ms', 12.5, 'startMs', j * 12.5, 'outcome', 'done')) from generate_series(1, 10) j)
    from generate_series(1, ${sql.lit(runs)}) i`.execute(db);
  await sql`
    insert into provisioner.delivery (id, received_at, generation, event, verdict, reason, products)
    select md5('delivery ' || i)::uuid, now() - i * interval '4 seconds', 'v2', 'data_product.updated',
      case when i % 3 = 0 then 'ignored' else 'accepted' end,
      case when i % 3 = 0 then 'It changes nothing that we look after.' end,
      jsonb_build_array(md5('product ' || (1 + i % ${sql.lit(products)}))::uuid)
    from generate_series(1, ${sql.lit(deliveries)}) i`.execute(db);
  await sql`
    insert into provisioner.audit (id, at, actor, cause, product, run, action, target, after, seq, hash)
    select md5('audit ' || i)::uuid, now() - i * interval '4 seconds', 'provisioner', '{"kind":"resync"}'::jsonb,
      md5('product ' || (1 + i % ${sql.lit(products)}))::uuid, md5('run ' || i)::uuid, 'put-policy',
      'product-' || (1 + i % ${sql.lit(products)}) || '/', '{"inputs":["a","b"]}'::jsonb, i, md5(i::text) || md5(i::text)
    from generate_series(1, ${sql.lit(runs)}) i`.execute(db);
}
