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

/** Failures that follow one another within this belong together. */
const sameTroubleMs = 10_000;
/** No room on the disk (SQLSTATE 53100): that passes when somebody makes room, and another start would not help. */
const diskFull = '53100';

/** Gives failures their names, and knows for how long there have been some. */
export class Failures {
  #firstMs = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** For how long something has failed again and again, in milliseconds; 0: nothing does. */
  lastedMs(): number {
    const over = performance.now() - this.#lastMs > sameTroubleMs;
    return over ? 0 : performance.now() - this.#firstMs;
  }

  /** @throws what `ask` throws: as `DATABASE_UNAVAILABLE` if it can pass, as it is if a statement is wrong */
  async named<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (thrown) {
      throw this.#name(thrown);
    }
  }

  #name(thrown: unknown): unknown {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    const state = sqlState.exec(code)?.groups?.class;
    // Without a state the server did not get to say anything: a socket, a file, the engine itself.
    if (state !== undefined && !passingClasses.has(state)) return thrown;
    if (code !== diskFull) this.#note();
    const message = `The database could not answer (${error.message}). It will be tried again.`;
    return new ProvisionerError('DATABASE_UNAVAILABLE', message, {
      cause: thrown,
      facts: { sqlState: code },
    });
  }

  #note(): void {
    const now = performance.now();
    if (now - this.#lastMs > sameTroubleMs) this.#firstMs = now;
    this.#lastMs = now;
  }
}

/** The dialect with failures that have names. */
export function namingFailures(dialect: Dialect, failures: Failures): Dialect {
  return {
    createDriver: () => new NamingDriver(dialect.createDriver(), failures),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  };
}

class NamingConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection;
  readonly #failures: Failures;

  constructor(inner: DatabaseConnection, failures: Failures) {
    this.inner = inner;
    this.#failures = failures;
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#failures.named(() => this.inner.executeQuery<R>(query));
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.inner.streamQuery(query, chunkSize);
  }
}

class NamingDriver implements Driver {
  readonly #inner: Driver;
  readonly #failures: Failures;

  constructor(inner: Driver, failures: Failures) {
    this.#inner = inner;
    this.#failures = failures;
  }

  init(): Promise<void> {
    return this.#inner.init();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const inner = await this.#failures.named(() => this.#inner.acquireConnection());
    return new NamingConnection(inner, this.#failures);
  }

  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    return this.#failures.named(() => this.#inner.beginTransaction(innerOf(connection), settings));
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#failures.named(() => this.#inner.commitTransaction(innerOf(connection)));
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#failures.named(() => this.#inner.rollbackTransaction(innerOf(connection)));
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
