/**
 * What autovacuum does on a server, for the embedded database, which has none: room of rows that are gone is used again,
 * and statements are planned for what the tables hold by now.
 */
import type { Db } from 'pg-boss';

/** As a server wakes its autovacuum (PostgreSQL 18: `autovacuum_naptime`). */
export const tidyEveryMs = 60_000;

/** A server's own thresholds (PostgreSQL 18: `autovacuum_vacuum_*` and `autovacuum_analyze_*`). */
const untidyTables = `
  SELECT format('%I.%I', schemaname, relname) AS name FROM pg_stat_user_tables
   WHERE n_dead_tup > 50 + 0.2 * n_live_tup OR n_mod_since_analyze > 50 + 0.1 * n_live_tup`;

/** Tidies the tables that changed much, one after another. Returns their names. */
export async function tidy({ executeSql }: Pick<Db, 'executeSql'>): Promise<readonly string[]> {
  // What is counted is told once a second at most.
  await executeSql('SELECT pg_stat_force_next_flush()');
  const { rows } = await executeSql(untidyTables);
  const names = rows.map(({ name }: { name: string }) => name);
  for (const name of names) await executeSql(`VACUUM (ANALYZE) ${name}`);
  return names;
}
