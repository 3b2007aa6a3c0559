/** How long a taken webhook waits for its run to begin, from the books. */
import { sql } from 'kysely';
import { openDatabase } from '../src/db/connection.ts';

/**
 * @returns what so many percent of all products did not exceed, in milliseconds: of each the first run that a delivery
 * caused, as one that comes while a run is under way waits for its end
 */
export async function measureBegin(database: string, percent: number): Promise<number> {
  await using opened = await openDatabase(database);
  const { rows } = await sql<{ ms: number }>`
    select percentile_cont(${sql.lit(percent / 100)}) within group (order by ms) as ms
      from (select distinct on (run.product)
                   extract(epoch from run.started_at - delivery.received_at) * 1000 as ms
              from provisioner.run as run
              join provisioner.delivery as delivery on delivery.id::text = run.cause ->> 'delivery'
             order by run.product, run.started_at) as first`.execute(opened.sql);
  return Math.round(Number(rows[0]?.ms ?? 0) * 10) / 10;
}
