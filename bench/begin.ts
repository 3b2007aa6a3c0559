/** How long a taken webhook waits for its run to begin, from the books. */
import { sql } from 'kysely';
import { openDatabase } from '../src/db/connection.ts';

/** @returns what so many percent of all runs that a delivery caused did not exceed, in milliseconds */
export async function measureBegin(database: string, percent: number): Promise<number> {
  await using opened = await openDatabase(database);
  const { rows } = await sql<{ ms: number }>`
    select percentile_cont(${sql.lit(percent / 100)}) within group (
             order by extract(epoch from run.started_at - delivery.received_at) * 1000) as ms
      from provisioner.run as run
      join provisioner.delivery as delivery on delivery.id::text = run.cause ->> 'delivery'`.execute(
    opened.sql,
  );
  return Math.round(Number(rows[0]?.ms ?? 0) * 10) / 10;
}
