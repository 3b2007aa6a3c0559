/** Everything the story plays on: a store, a portal and the provisioner, each real. */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { readEnvironment } from '../../src/config/env.ts';
import { Environment } from '../../src/config/schema.ts';
import { type Daemon, startDaemon } from '../../src/daemon.ts';
import { type PortalSimulator, startPortalSimulator } from '../portal/simulator.ts';
import { installMinistack, startMinistack } from '../store/ministack.ts';
import { requirePython } from './python.ts';
import { step } from './terminal.ts';

export interface Stage extends AsyncDisposable {
  readonly portal: PortalSimulator;
  readonly daemon: Daemon;
  readonly products: string;
  readonly logFile: string;
  readonly storeUrl: string;
}

/** Folder of installed tools, shared with the tests. */
export const cacheFolder = resolve('.cache');

/**
 * Sets the stage afresh: database and workspaces of an earlier demo are removed.
 *
 * @throws Error that says what is missing or did not start; what had started is stopped then
 */
export async function setStage(): Promise<Stage> {
  await step('Python 3.10 or newer', requirePython);
  await using started = new AsyncDisposableStack();
  const folder = join(cacheFolder, 'demo-run');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const products = join(folder, 'products');
  const logFile = join(folder, 'provisioner.log');

  const store = await startStore(started);
  const portal = await step('a data product portal (simulator)', async () => {
    const port = await portOr(8080);
    return started.use(await startPortalSimulator({ port, generation: 'v0.7.0' }));
  });
  const secret = randomBytes(24).toString('hex');
  const daemon = await step('the provisioner', async () => {
    const environment = readEnvironment({
      ...store,
      PROV_DPP_API_URL: portal.url,
      PROV_TEMPLATE_OUTPUT_PATH: products,
      PROV_TEMPLATE_PATH: resolve('templates/sqlmesh'),
      PROV_DATABASE_URL: join(folder, 'data'),
      PROV_CONTROL_PATH: join(folder, 'control'),
      PROV_HOST: '127.0.0.1',
      PROV_PORT: String(await portOr(8090)),
      PROV_LOG_FORMAT: 'pretty',
      PROV_LOG_LEVEL: 'debug',
      WEBHOOK_SECRET: secret,
      WEBHOOK_V2_TOKEN: secret,
    });
    return started.use(await startDaemon(environment, createWriteStream(logFile)));
  });
  portal.setWebhooks({
    webhookUrl: `${daemon.url}/`,
    webhookSecret: secret,
    webhookV2Url: `${daemon.url}/webhooks/v2?token=${secret}`,
  });
  const parts = started.move();
  return {
    portal,
    daemon,
    products,
    logFile,
    storeUrl: store.S3_ENDPOINT,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** What a store of one's own may need to be told. */
const storeSettings = Object.keys(Environment.shape).filter((name) =>
  /^(S3_.*|PROV_(S3|IAM|STS|AWS|ISSUER|ALLOW_HTTP|CA_FILE).*)$/.test(name),
);

/** Settings of the store: the one that `S3_ENDPOINT` names, else a MiniStack of our own. */
async function startStore(started: AsyncDisposableStack) {
  const { S3_ENDPOINT } = process.env;
  if (S3_ENDPOINT !== undefined && S3_ENDPOINT !== '')
    return { ...Object.fromEntries(storeSettings.map((name) => [name, process.env[name]])), S3_ENDPOINT };
  const program = await step('MiniStack from PyPI, below .cache (installed once)', () =>
    installMinistack(cacheFolder, () => undefined),
  );
  const store = await step('an S3 server with the IAM API', async () =>
    started.use(await startMinistack(program)),
  );
  return { S3_ENDPOINT: store.endpoint, S3_ACCESS_KEY: store.accessKey, S3_SECRET_KEY: store.secretKey };
}

/** The usual port, or any free one when it is taken. */
async function portOr(usual: number): Promise<number> {
  const server = createServer();
  const { promise, resolve: settled } = Promise.withResolvers<boolean>();
  server.once('error', () => settled(false));
  server.listen(usual, '127.0.0.1', () => settled(true));
  const free = await promise;
  if (!free) return 0;
  await new Promise((closed) => server.close(closed));
  return usual;
}
