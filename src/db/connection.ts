/**
 * One SQL dialect, two engines: PGlite in a folder (default) or a PostgreSQL server. Everything above sees Kysely and
 * the small interface that pg-boss asks for, never the engine.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PGliteDialect,
  type PGliteDialectConfig,
  PostgresDialect,
} from 'kysely';
import pg from 'pg';
import { type Db, fromPglite } from 'pg-boss';
import { ProvisionerError } from '../model/errors.ts';
import { Failures, namingFailures } from './failures.ts';
import { migrate } from './migrate.ts';
import type { Tables } from './tables.ts';

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

/** What PGlite keeps in the folder while it is open; a killed process leaves it there. */
export function embeddedFiles(folder: string): { readonly cluster: string; readonly lock: string } {
  const cluster = join(folder, 'pglite');
  return { cluster, lock: join(cluster, 'postmaster.pid') };
}

function openServer(connectionString: string): Database {
  const pool = new pg.Pool({
    connectionString,
    max: 10,
    connectionTimeoutMillis: 5000,
    // A network that swallows everything tells nobody.
    query_timeout: longestStatementMs,
    keepAlive: true,
  });
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

async function openFolder(folder: string): Promise<Database> {
  const { cluster } = embeddedFiles(folder);
  if (!existsSync(cluster)) await initialise(cluster);
  // Not loaded where a server holds the database: it takes 11 MB.
  const { PGlite } = await import('@electric-sql/pglite');
  const pglite = await PGlite.create(cluster);
  const turns = new Turns();
  const failures = new Failures();
  const dialect = namingFailures(new TurnTakingPGliteDialect({ pglite }, turns), failures);
  const queueDatabase = fromPglite(pglite);
  return {
    sql: new Kysely<Tables>({ dialect }).withSchema(schemaName),
    queueDatabase: {
      executeSql: async (text, values) => {
        // The engine works on this very thread: what waits to be sent or read goes before the queue's own affairs.
        await nextTurn();
        const end = await turns.take();
        try {
          return await failures.named(() => queueDatabase.executeSql(text, values));
        } finally {
          end();
        }
      },
    },
    embedded: true,
    failingForMs: () => failures.lastedMs(),
    [Symbol.asyncDispose]: () => pglite.close(),
  };
}

/** Beside its place first, then moved there: a start that is killed here leaves nothing half-made behind. */
async function initialise(cluster: string): Promise<void> {
  const unfinished = `${cluster}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, `initialise.${extension}`),
    unfinished,
  ]);
  await rename(unfinished, cluster);
}

/** Who uses the embedded database's only connection: one after another, in the order in which they asked. */
class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is the caller's turn; the returned function ends it. */
  async take(): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    return resolve;
  }
}

/**
 * Kysely 0.29 hands PGlite's only connection to everybody at once: a second transaction begun while one is open would
 * take over its commit, and a query from elsewhere would run inside it. Its way to begin a transaction also waits for
 * ever when PGlite was closed. This dialect makes users take turns, and begins and ends transactions by plain SQL.
 */
class TurnTakingPGliteDialect extends PGliteDialect {
  readonly #turns: Turns;

  constructor(config: PGliteDialectConfig, turns: Turns) {
    super(config);
    this.#turns = turns;
  }

  override createDriver(): Driver {
    return new TurnTakingDriver(super.createDriver(), this.#turns);
  }
}

class TurnTakingDriver implements Driver {
  readonly #inner: Driver;
  readonly #turns: Turns;
  #endTurn: () => void = () => undefined;

  constructor(inner: Driver, turns: Turns) {
    this.#inner = inner;
    this.#turns = turns;
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const end = await this.#turns.take();
    this.#endTurn = end;
    return this.#inner.acquireConnection();
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await this.#inner.releaseConnection(connection);
    this.#endTurn();
  }

  init(): Promise<void> {
    return this.#inner.init();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  destroy(): Promise<void> {
    return this.#inner.destroy();
  }
}
