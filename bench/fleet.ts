/** A large estate at rest: what a start costs when nothing has changed, and whether fresh work waits for it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { PortalUser } from '../demo/people/portal-user.ts';
import { type PortalSimulator, startPortalSimulator } from '../demo/portal/simulator.ts';
import { loadPlatform } from '../src/compose/platform.ts';
import { groundIn, reconcileSettings } from '../src/compose/settings.ts';
import { readEnvironment } from '../src/config/env.ts';
import { openDatabase } from '../src/db/connection.ts';
import { ProductId } from '../src/model/ids.ts';
import { createPortalClient } from '../src/portal/create-client.ts';
import { standingOf } from '../src/reconcile/standing.ts';
import { freePort } from '../test/support/stores/server.ts';
import { measureHomes } from './homes.ts';
import { end, lives, residentMb, startBenchMinistack, startWords } from './stage.ts';

export interface FleetResult {
  /** From the start of the process to the end of the first resync. */
  readonly resyncSeconds: number;
  /** Products that the resync had looked at. */
  readonly lookedAt: number;
  /** Requests to the portal until then. */
  readonly portalRequests: number;
  readonly memoryMb: number;
  /** Webhook to `.env` of products that are new while the daemon starts. */
  readonly freshP95Ms: number;
}

/** Rows of one statement. */
const batch = 500;

/** @param database an empty database of a PostgreSQL server */
export async function measureFleet(database: string, products: number): Promise<FleetResult> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-bench-fleet-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const store = started.use(await startBenchMinistack());
  const portal = started.use(await startPortalSimulator({ generation: 'v0.7.0' }));
  await fillPortal(portal, products);
  const secret = randomBytes(24).toString('hex');
  const port = await freePort();
  const environment = {
    PROV_DPP_API_URL: portal.url,
    S3_ENDPOINT: store.endpoint,
    S3_ACCESS_KEY: store.accessKey,
    S3_SECRET_KEY: store.secretKey,
    PROV_TEMPLATE_PATH: resolve('templates/sqlmesh'),
    PROV_TEMPLATE_OUTPUT_PATH: join(folder, 'products'),
    PROV_DATABASE_URL: database,
    PROV_CONTROL_PATH: join(folder, 'control'),
    PROV_HOST: '127.0.0.1',
    PROV_PORT: String(port),
    PROV_DRIFT_INTERVAL: '1d',
    PROV_LOG_FORMAT: 'json',
    WEBHOOK_SECRET: secret,
  };
  await fillBooks(environment, portal);
  const begun = performance.now();
  const child = spawn(process.execPath, startWords, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...environment },
  });
  started.defer(() => end(child));
  const lookedAt = await resynced(child);
  const resyncSeconds = (performance.now() - begun) / 1000;
  const url = `http://127.0.0.1:${port}`;
  await lives(url);
  const portalRequests = await countRequests(url);
  const memoryMb = await residentMb(child);
  portal.setWebhooks({ webhookUrl: `${url}/`, webhookSecret: secret });
  const stage = { url, secret, portal, store, meter: null, products: join(folder, 'products') };
  const fresh = await measureHomes(
    {
      ...stage,
      memoryMb: () => residentMb(child),
      cpuMs: async () => 0,
      [Symbol.asyncDispose]: async () => {},
    },
    'fresh',
    20,
    1,
  );
  return { resyncSeconds, lookedAt, portalRequests, memoryMb, freshP95Ms: fresh.p99Ms };
}

/** One product the usual way, and as many more of its kind behind the API's back. */
async function fillPortal(portal: PortalSimulator, products: number): Promise<void> {
  const user = new PortalUser(portal.url);
  const first = await user.createProduct('Product 0', 'product-0');
  const model = portal.state.products.get(first);
  if (model === undefined) throw new Error('the portal lost its first product');
  const roles = [...portal.state.roleAssignments.values()].filter((role) => role.resourceId === first);
  for (let index = 1; index < products; index += 1) {
    const id = `30000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    portal.state.products.set(id, { ...model, id, name: `Product ${index}`, namespace: `product-${index}` });
    for (const role of roles) {
      const own = `40000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
      portal.state.roleAssignments.set(own, { ...role, id: own, resourceId: id });
    }
  }
}

/** Books that know every product as it stands in the portal now. */
async function fillBooks(
  environment: Readonly<Record<string, string>>,
  portal: PortalSimulator,
): Promise<void> {
  const env = readEnvironment(environment);
  const ground = groundIn(env, reconcileSettings(env, await loadPlatform(env, null), null));
  const client = createPortalClient({
    baseUrl: portal.url,
    auth: { kind: 'none' },
    registerSecret: () => {},
  });
  const survey = (await client.survey()) ?? [];
  await using database = await openDatabase(env.PROV_DATABASE_URL);
  const now = new Date();
  const rows = survey.map(({ id, name, namespace, fingerprint }) => ({
    id: ProductId.parse(id),
    name,
    namespace,
    home: namespace,
    state: 'live' as const,
    conditions: JSON.stringify([
      { type: 'Ready', status: true, reason: 'HomeInOrder', message: 'The home is as it should be.' },
    ]),
    template: 'sqlmesh@3',
    files: '{}',
    fingerprint: standingOf(fingerprint, ground),
    checked_at: now,
    updated_at: now,
    retired_at: null,
  }));
  for (let index = 0; index < rows.length; index += batch)
    await database.sql
      .insertInto('product')
      .values(rows.slice(index, index + batch))
      .execute();
}

/** How many products the first resync wants to have looked at. */
async function resynced(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('the daemon has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const facts = line.startsWith('{') ? JSON.parse(line) : {};
    if (facts.message === 'resync') {
      child.stdout.resume();
      return Number(facts.toLookAt);
    }
  }
  throw new Error('the daemon ended before its resync');
}

async function countRequests(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = [...text.matchAll(/^provisioner_portal_request_seconds_count\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
