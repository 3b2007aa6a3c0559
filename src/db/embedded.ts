/** PostgreSQL in a folder, without a server: PGlite, spoken to through the same driver as a server is. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import type { PGlite } from '@electric-sql/pglite';
import type { ClientConfig } from 'pg';

/** An embedded database that is open. */
export interface Embedded {
  /** For the one connection that there can be. */
  readonly connection: ClientConfig;
  close(): Promise<void>;
}

/** Its own 128 MB of buffers would be filled at the start, and copied in part with every program that is started. */
const settings = ['-c', 'shared_buffers=32MB'];

/** @param folder made when it is missing */
export async function openEmbedded(folder: string): Promise<Embedded> {
  const { cluster } = embeddedFiles(folder);
  if (!existsSync(cluster)) await initialise(cluster);
  // Not loaded where a server holds the database: it takes 11 MB.
  const { PGlite } = await import('@electric-sql/pglite');
  const engine = await PGlite.create(cluster, { startParams: [...PGlite.defaultStartParams, ...settings] });
  return {
    // The names that PGlite makes a cluster with; nobody listens at an address.
    connection: {
      user: 'postgres',
      database: 'postgres',
      // Whatever the driver's own environment variables say for servers.
      ssl: false,
      stream: () => new EngineSocket(engine),
    },
    close: () => engine.close(),
  };
}

/** What PGlite keeps in the folder while it is open; a killed process leaves it there. */
export function embeddedFiles(folder: string): { readonly cluster: string; readonly lock: string } {
  const cluster = join(folder, 'pglite');
  return { cluster, lock: join(cluster, 'postmaster.pid') };
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

/**
 * What the driver takes for its connection to a server. All that it says at once, a statement's parse, bind and execute,
 * is one call of the engine; PGlite's own `query` makes six.
 */
class EngineSocket extends Duplex {
  readonly #engine: PGlite;

  constructor(engine: PGlite) {
    super({ allowHalfOpen: false });
    this.#engine = engine;
  }

  /** A server forgets what a connection that broke had begun; the engine is the same as before. */
  connect(): this {
    const forgotten = this.#engine.exec('rollback').then(() => this.#engine.exec('discard all'));
    forgotten.then(
      () => this.emit('connect'),
      (error) => this.destroy(error),
    );
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {}

  override _writev(messages: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.#ask(Buffer.concat(messages.map(({ chunk }) => chunk))).then(() => done(), done);
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  async #ask(message: Uint8Array): Promise<void> {
    const answer: Buffer[] = [];
    // What it hands over lies in its own memory.
    const onRawData = (part: Uint8Array) => void answer.push(Buffer.from(part));
    await this.#engine.execProtocolRawStream(message, { onRawData });
    this.push(Buffer.concat(answer));
  }
}
