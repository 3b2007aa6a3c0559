/**
 * One SQL dialect, two engines: PGlite in a folder (default) or a PostgreSQL server. Everything above sees Kysely and
 * the small interface that pg-boss asks for, never the engine.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Db } from 'pg-boss';
import { ProvisionerError } from '../model/errors.ts';
import { openEmbedded } from './embedded.ts';
import { Failures, namingFailures } from './failures.ts';
import { migrate } from './migrate.ts';
import { PreparingClient } from './prepared.ts';
import type { Tables } from './tables.ts';
import { tidy, tidyEveryMs } from './tidying.ts';

/** Schema that holds our tables; pg-boss keeps its own beside it. */
const schemaName = 'provisioner';

/** No statement of ours takes so long. */
const longestStatementMs = 60_000;

export interface Database extends AsyncDisposable {
  readonly sql: Kysely<Tables>;
  /** The same engine, as pg-boss wants it. */
  readonly queueDatabase: Db;
  /** True when this process is the only one that can have the database open. */
  readonly embedded: boolean;
  /** For how long statements have failed again and again for want of something, in milliseconds; 0: they work. */
  failingForMs(): number;
}

/**
 * Opens the database and brings its tables up to date.
 *
 * @param url a folder (PGlite; made when missing) or `postgres://…`
 * @throws ProvisionerError `DATABASE_UNAVAILABLE`
 */
export async function openDatabase(url: string): Promise<Database> {
  try {
    const database = await connectDatabase(url);
    await migrate(database.sql);
    return database;
  } catch (cause) {
    throw new ProvisionerError(
      'DATABASE_UNAVAILABLE',
      'The database could not be opened or migrated. See the cause.',
      {
        cause,
      },
    );
  }
}

/** Opens the database as it is, its tables perhaps of an older version. A folder that is not there is made. */
export async function connectDatabase(url: string): Promise<Database> {
  return isServer(url) ? openServer(url) : openFolder(url);
}

/** Whether the address is a PostgreSQL server's; else it is a folder. */
export function isServer(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url);
}

function openServer(connectionString: string): Database {
  return over({
    connectionString,
    max: 10,
    connectionTimeoutMillis: 5000,
    // A network that swallows everything tells nobody.
    query_timeout: longestStatementMs,
    keepAlive: true,
  });
}

async function openFolder(folder: string): Promise<Database> {
  const engine = await openEmbedded(folder);
  const database = over({ ...engine.connection, max: 1, idleTimeoutMillis: 0 });
  const executeSql: Db['executeSql'] = async (text, values) => {
    // The engine works on this very thread: what waits to be sent or read goes before the queue's own affairs.
    await nextTurn();
    return database.queueDatabase.executeSql(text, values);
  };
  // What it does not get to, it finds again.
  const tidying = setInterval(() => void tidy({ executeSql }).catch(() => undefined), tidyEveryMs).unref();
  return {
    ...database,
    queueDatabase: { executeSql },
    embedded: true,
    [Symbol.asyncDispose]: async () => {
      clearInterval(tidying);
      await database[Symbol.asyncDispose]();
      await engine.close();
    },
  };
}

function over(settings: pg.PoolConfig): Database {
  const pool = new pg.Pool({ ...settings, Client: PreparingClient });
  // A connection that breaks must not end the process, idle or not: the next query on it finds out by itself.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => void client.on('error', () => undefined));
  const failures = new Failures();
  const dialect = namingFailures(new PostgresDialect({ pool }), failures);
  const sql = new Kysely<Tables>({ dialect }).withSchema(schemaName);
  return {
    sql,
    queueDatabase: { executeSql: (text, values) => failures.named(() => pool.query(text, values)) },
    embedded: false,
    failingForMs: () => failures.lastedMs(),
    [Symbol.asyncDispose]: () => sql.destroy(),
  };
}
