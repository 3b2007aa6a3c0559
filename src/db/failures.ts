/** What the database throws when it is away or out of something gets its name here, whoever asked. */
import type {
  CompiledQuery,
  DatabaseConnection,
  Dialect,
  Driver,
  QueryResult,
  TransactionSettings,
} from 'kysely';
import { ProvisionerError } from '../model/errors.ts';

/**
 * Classes of SQLSTATE that pass without anybody changing a statement: connection, rollback (deadlock, serialisation),
 * out of resources, operator intervention, system error (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const passingClasses = new Set(['08', '40', '53', '57', '58']);
/** Says that the statement, or the order of statements, is wrong: any other class. */
const sqlState = /^(?<class>[0-9A-Z]{2})[0-9A-Z]{3}$/;

/** `DATABASE_UNAVAILABLE` for what can pass; what says that a statement is wrong stays as it is. */
function databaseFailure(thrown: unknown): unknown {
  if (thrown instanceof ProvisionerError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const state = sqlState.exec(code)?.groups?.class;
  // Without a state the server did not get to say anything: a socket, a file, the engine itself.
  if (state !== undefined && !passingClasses.has(state)) return thrown;
  const message = `The database could not answer (${error.message}). It will be tried again.`;
  return new ProvisionerError('DATABASE_UNAVAILABLE', message, { cause: thrown, facts: { sqlState: code } });
}

/** @throws what `ask` throws, named */
export async function named<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    throw databaseFailure(thrown);
  }
}

/** The dialect with failures that have names. */
export function namingFailures(dialect: Dialect): Dialect {
  return {
    createDriver: () => new NamingDriver(dialect.createDriver()),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  };
}

class NamingConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection;

  constructor(inner: DatabaseConnection) {
    this.inner = inner;
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return named(() => this.inner.executeQuery<R>(query));
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.inner.streamQuery(query, chunkSize);
  }
}

class NamingDriver implements Driver {
  readonly #inner: Driver;

  constructor(inner: Driver) {
    this.#inner = inner;
  }

  init(): Promise<void> {
    return this.#inner.init();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return new NamingConnection(await named(() => this.#inner.acquireConnection()));
  }

  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    return named(() => this.#inner.beginTransaction(innerOf(connection), settings));
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return named(() => this.#inner.commitTransaction(innerOf(connection)));
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return named(() => this.#inner.rollbackTransaction(innerOf(connection)));
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    return this.#inner.releaseConnection(innerOf(connection));
  }

  destroy(): Promise<void> {
    return this.#inner.destroy();
  }
}

function innerOf(connection: DatabaseConnection): DatabaseConnection {
  return connection instanceof NamingConnection ? connection.inner : connection;
}
