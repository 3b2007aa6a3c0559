/** The console on books of one's own, without a daemon: what it shows is what a test has written there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import type { Kysely } from 'kysely';
import { Live } from '../../src/console/live.ts';
import { createConsoleRouter } from '../../src/console/router.ts';
import type { Sources } from '../../src/console/sources.ts';
import type { Authenticate } from '../../src/console/visitor.ts';
import type { Commands } from '../../src/control/commands.ts';
import { readStamps } from '../../src/db/stamps.ts';
import type { Tables } from '../../src/db/tables.ts';
import type { RoleName } from '../../src/model/role.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Redactor } from '../../src/telemetry/redact.ts';
import { listFolder } from '../../src/workspace/listing.ts';
import { openBooks } from './books.ts';

export interface ConsoleStage extends AsyncDisposable {
  /** Address of the console. */
  readonly url: string;
  readonly db: Kysely<Tables>;
  readonly live: Live;
  /** Folder of all workspaces. */
  readonly folder: string;
  /** Orders as they arrived: `rotate <product> by anna`. */
  readonly orders: string[];
}

export interface ConsoleStageOptions extends Partial<Pick<Sources, 'inputsOf' | 'editorsOf' | 'store'>> {
  readonly authenticate?: Authenticate;
  readonly role?: RoleName;
  readonly commands?: Partial<Commands>;
  readonly tickMs?: number;
}

/** The form token of the stage's visitor. */
export const csrfToken = 'the-token-of-anna';

export async function setConsoleStage(options: ConsoleStageOptions = {}): Promise<ConsoleStage> {
  await using started = new AsyncDisposableStack();
  const books = started.use(await openBooks());
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-console-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });
  const { tickMs = 200, role = 'admin' } = options;
  const live = started.use(
    new Live({ read: (since) => readStamps(books.db, since), log, tickMs, restMs: 50 }),
  );
  const orders: string[] = [];
  const app = express();
  app.use(
    createConsoleRouter({
      db: books.db,
      commands: { ...orderBook(orders), ...options.commands },
      inputsOf: options.inputsOf ?? (async () => []),
      listFolder: (home, path) => listFolder(folder, home, path),
      editorsOf: options.editorsOf ?? (() => []),
      store: options.store ?? (() => null),
      clock: () => new Date(),
      authenticate:
        options.authenticate ??
        (async () => ({ name: 'anna@example.com', role, csrfToken, loggedIn: false })),
      live,
      log,
      version: '0.0.0',
      secure: false,
    }),
  );
  const server = createServer(app);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  started.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const parts = started.move();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/console`,
    db: books.db,
    live,
    folder,
    orders,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Writes orders down and has done each. */
function orderBook(orders: string[]): Commands {
  const noted = (words: string) => void orders.push(words);
  return {
    reconcile: async (products, { name }) => {
      noted(`reconcile ${products} by ${name}`);
      return products.length;
    },
    rotate: async (product, { name }) => {
      noted(`rotate ${product} by ${name}`);
      return true;
    },
    releaseTemplate: async (template, { name }) => {
      noted(`release ${template} by ${name}`);
      return 0;
    },
    pause: async (product, { name }) => {
      noted(`pause ${product} by ${name}`);
      return true;
    },
    resume: async (product, { name }) => {
      noted(`resume ${product} by ${name}`);
      return true;
    },
    undelete: async (product, { name }) => {
      noted(`undelete ${product} by ${name}`);
      return 'queued';
    },
    releaseBrake: async ({ name }) => {
      noted(`release the brake by ${name}`);
      return 0;
    },
    replay: async (delivery, { name }) => {
      noted(`replay ${delivery} by ${name}`);
      return 1;
    },
    planAll: async function* () {
      yield* [];
    },
    plan: async (product) => ({ product, actions: [], drift: [], conditions: [], files: null }),
  };
}
