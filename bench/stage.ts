/** What is measured: the daemon in a process of its own, with a real store and a portal beside it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type PortalSimulator, startPortalSimulator } from '../demo/portal/simulator.ts';
import { freePort } from '../demo/store/free-port.ts';
import { installMinistack, startMinistack } from '../demo/store/ministack.ts';
import packageJson from '../package.json' with { type: 'json' };
import { installGoTool } from '../test/support/go-tool.ts';
import { minioTool, startMinio } from '../test/support/stores/minio.ts';
import { type Meter, startMeter } from './meter.ts';

/** As users start it, without the `node` itself. */
export const startWords = packageJson.scripts.start.split(' ').slice(1);

/** The store that a stage stands on. */
export interface BenchStore extends AsyncDisposable {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface BenchStage extends AsyncDisposable {
  readonly url: string;
  readonly secret: string;
  readonly portal: PortalSimulator;
  readonly store: BenchStore;
  /** Stands between the daemon and what it asks, and knows when an answer was awaited; costs time of its own. */
  readonly meter: Meter | null;
  readonly products: string;
  /** Ends the daemon and starts it again on the same books. */
  restart(): Promise<void>;
  /** Time of the processor that the daemon has used, in milliseconds (Linux: utime and stime, in hundredths). */
  cpuMs(): Promise<number>;
  /** The same of programs that it started and that have ended: git. */
  cpuOfProgramsMs(): Promise<number>;
  /** Resident memory of the daemon now, in MB (Linux: VmRSS). */
  memoryMb(): Promise<number>;
}

/** MiniStack, installed at its first use. */
export async function startBenchMinistack(): Promise<BenchStore> {
  return startMinistack(await installMinistack(resolve('.cache'), say));
}

/** MinIO, built at its first use. */
export async function startBenchMinio(): Promise<BenchStore> {
  await installGoTool(minioTool, say);
  return startMinio();
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

export interface StageOptions {
  readonly startStore: () => Promise<BenchStore>;
  /** A PostgreSQL URL; `undefined`: a folder of its own. */
  readonly database: string | undefined;
  readonly metered: boolean;
  /** A portal in place of the simulator; `portal` has nothing to do with the daemon then. */
  readonly portalUrl?: string;
  /** Settings beside the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts everything afresh. */
export async function setBenchStage({
  startStore,
  database,
  metered,
  portalUrl,
  settings = {},
}: StageOptions): Promise<BenchStage> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-bench-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const store = started.use(await startStore());
  const portal = started.use(await startPortalSimulator({ generation: 'v0.7.0' }));
  const meter = metered ? started.use(await startMeter({ store: store.endpoint, portal: portal.url })) : null;
  const secret = randomBytes(24).toString('hex');
  const port = await freePort();
  const env = {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    // As the image has it.
    MALLOC_ARENA_MAX: '2',
    MALLOC_TRIM_THRESHOLD_: '131072',
    MALLOC_MMAP_THRESHOLD_: '131072',
    PROV_DPP_API_URL: portalUrl ?? meter?.portalUrl ?? portal.url,
    S3_ENDPOINT: meter?.storeUrl ?? store.endpoint,
    S3_ACCESS_KEY: store.accessKey,
    S3_SECRET_KEY: store.secretKey,
    PROV_TEMPLATE_PATH: resolve('templates/sqlmesh'),
    PROV_TEMPLATE_OUTPUT_PATH: join(folder, 'products'),
    PROV_DATABASE_URL: database ?? join(folder, 'data'),
    PROV_CONTROL_PATH: join(folder, 'control'),
    PROV_HOST: '127.0.0.1',
    PROV_PORT: String(port),
    PROV_LOG_LEVEL: 'warn',
    WEBHOOK_SECRET: secret,
    WEBHOOK_V2_TOKEN: secret,
    ...settings,
  };
  const start = () => spawn(process.execPath, startWords, { stdio: ['ignore', 'ignore', 'inherit'], env });
  let child = start();
  started.defer(() => end(child));
  const url = `http://127.0.0.1:${port}`;
  await lives(url);
  portal.setWebhooks({ webhookUrl: `${url}/`, webhookSecret: secret });
  const parts = started.move();
  return {
    url,
    secret,
    portal,
    store,
    meter,
    products: join(folder, 'products'),
    restart: async () => {
      await end(child);
      child = start();
      await lives(url);
    },
    memoryMb: () => residentMb(child),
    cpuMs: () => usedCpuMs(child, 11),
    cpuOfProgramsMs: () => usedCpuMs(child, 13),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** @param field of `/proc/…/stat`, behind the name: the first of two to be added */
async function usedCpuMs(child: ChildProcess, field: number): Promise<number> {
  const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
  // The name, in brackets, may hold blanks: fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[field]) + Number(fields[field + 1])) * 10;
}

export async function residentMb(child: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

export async function lives(url: string): Promise<void> {
  for (let tries = 0; tries < 1200; tries += 1) {
    const ok = await fetch(`${url}/health/live`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ok) return;
    await wait(50);
  }
  throw new Error('the daemon did not start');
}

export async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolved) => child.once('exit', resolved));
  child.kill('SIGTERM');
  await ended;
}
