/** A whole world for one test file: store, portal and daemon, each real, on ports of their own. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import {
  type PortalSimulator,
  type PortalSimulatorOptions,
  startPortalSimulator,
} from '../../demo/portal/simulator.ts';
import { type DemoStore, installMinistack, startMinistack } from '../../demo/store/ministack.ts';
import { readEnvironment } from '../../src/config/env.ts';
import { type Daemon, startDaemon } from '../../src/daemon.ts';
import { cacheFolder } from './cache-folder.ts';
import { copyDatabase } from './prepared-database.ts';

export function startStore(): Promise<DemoStore> {
  return installMinistack(cacheFolder, () => undefined).then(startMinistack);
}

/** What a world asks of its store. */
type WorldStore = AsyncDisposable & {
  readonly endpoint: string;
  readonly iamEndpoint?: string;
  readonly accessKey: string;
  readonly secretKey: string;
};

/** Store and portal, and the settings of a daemon for them; no daemon yet. */
export interface Stage<Store = DemoStore> extends AsyncDisposable {
  readonly store: Store;
  readonly portal: PortalSimulator;
  readonly folder: string;
  readonly secret: string;
  readonly environment: Readonly<Record<string, string>>;
  workspaceFile(home: string, path: string): Promise<string | null>;
}

export interface World<Store = DemoStore> extends Stage<Store> {
  /** Log lines of every daemon of this world, as written. */
  readonly lines: string[];
  /** The daemon that runs now. */
  daemon(): Daemon;
  restart(changes?: Readonly<Record<string, string>>): Promise<void>;
}

/** Builds a world on MiniStack; `changes` are settings beside the usual ones. */
export function createWorld(
  changes: Readonly<Record<string, string>> = {},
  portalOptions: Partial<PortalSimulatorOptions> = {},
): Promise<World> {
  return createWorldOn(startStore, changes, portalOptions);
}

/** Builds a world on any store. */
export async function createWorldOn<Store extends WorldStore>(
  start: () => Promise<Store>,
  changes: Readonly<Record<string, string>> = {},
  portalOptions: Partial<PortalSimulatorOptions> = {},
): Promise<World<Store>> {
  return startWorld(await setStage(start, changes, portalOptions));
}

/** Puts a daemon on a stage, which then belongs to the world. */
export async function startWorld<Store>(stage: Stage<Store>): Promise<World<Store>> {
  await using started = new AsyncDisposableStack();
  started.use(stage);
  const { portal, secret, environment } = stage;
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const startOne = async (more: Readonly<Record<string, string>>) => {
    const running = await startDaemon(readEnvironment({ ...environment, ...more }), stream);
    const v2 = `${running.url}/webhooks/v2?token=token-${secret}`;
    portal.setWebhooks({ webhookUrl: running.url, webhookSecret: secret, webhookV2Url: v2 });
    return running;
  };
  let daemon = await startOne({});
  started.defer(() => daemon[Symbol.asyncDispose]());
  const parts = started.move();
  return {
    ...stage,
    lines,
    daemon: () => daemon,
    restart: async (more = {}) => {
      await daemon[Symbol.asyncDispose]();
      daemon = await startOne(more);
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Starts store and portal, and makes the settings of a daemon for them. */
export async function setStage<Store extends WorldStore>(
  start: () => Promise<Store>,
  changes: Readonly<Record<string, string>> = {},
  portalOptions: Partial<PortalSimulatorOptions> = {},
): Promise<Stage<Store>> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-'));
  started.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const [store, portal] = await Promise.all([start(), startPortalSimulator(portalOptions)]);
  started.use(store);
  started.use(portal);
  const secret = randomBytes(24).toString('hex');
  const environment = {
    PROV_DPP_API_URL: portal.url,
    PROV_TEMPLATE_PATH: resolve('templates/sqlmesh'),
    PROV_TEMPLATE_OUTPUT_PATH: join(folder, 'products'),
    PROV_DATABASE_URL: await copyDatabase(join(folder, 'data')),
    PROV_CONTROL_PATH: join(folder, 'control'),
    S3_ENDPOINT: store.endpoint,
    S3_ACCESS_KEY: store.accessKey,
    S3_SECRET_KEY: store.secretKey,
    ...(store.iamEndpoint === undefined ? {} : { PROV_IAM_ENDPOINT: store.iamEndpoint }),
    WEBHOOK_SECRET: secret,
    WEBHOOK_V2_TOKEN: `token-${secret}`,
    PROV_HOST: '127.0.0.1',
    PROV_PORT: '0',
    PROV_LOG_FORMAT: 'json',
    PROV_LOG_LEVEL: 'debug',
    ...changes,
  };
  const parts = started.move();
  return {
    store,
    portal,
    folder,
    secret,
    environment,
    workspaceFile: (home, path) => readFile(join(folder, 'products', home, path), 'utf8').catch(() => null),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Tests that starve the machine, or break it, want more. */
const patienceMs = Number(process.env.PROV_TEST_PATIENCE_MS ?? 15_000);

/** Waits until `look` gives something other than null, undefined or false. Fails with `what` after `timeoutMs`. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T> | T,
  timeoutMs = patienceMs,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`This did not happen within ${timeoutMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
