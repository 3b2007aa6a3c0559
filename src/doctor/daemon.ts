/** The running daemon, asked over HTTP: it alone may open an embedded database. */
import { z } from 'zod';
import type { Environment } from '../config/schema.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const About = z.object({ name: z.literal('data-product-provisioner') });
const Health = z.object({
  version: z.string(),
  ready: z.boolean(),
  dependencies: z.record(z.string(), z.object({ ok: z.boolean(), message: z.string().optional() })),
});

/** What a running daemon says of itself. */
export interface DaemonReport extends z.infer<typeof Health> {
  readonly url: string;
  /** Prometheus text; `null` when it is not shown to us. */
  readonly metrics: string | null;
}

const timeoutMs = 8000;

/** Where the daemon of these settings listens, seen from this machine. */
export function daemonUrlOf({ PROV_HOST: host, PROV_PORT: port }: Environment): string {
  const here = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${here.includes(':') ? `[${here}]` : here}:${port}`;
}

/** `null` when nothing answers there that is a provisioner. */
export async function askDaemon(url: string, metricsToken: string | undefined): Promise<DaemonReport | null> {
  const get = (path: string, headers = {}) =>
    fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(timeoutMs) });
  try {
    About.parse(await (await get('/')).json());
    const health = Health.parse(await (await get('/health')).json());
    const metrics = await get('/metrics', { authorization: `Bearer ${metricsToken ?? ''}` });
    return { url, ...health, metrics: metrics.ok ? await metrics.text() : null };
  } catch {
    return null;
  }
}

/** Whether it runs, and what it misses. */
export function examineDaemon(report: DaemonReport | null, url: string): readonly Finding[] {
  if (report === null) {
    const todo =
      'Start it, or name its address with --url. Without it webhooks are lost until the next resync.';
    return [warn(`no daemon answers at ${url}`, todo)];
  }
  const missing = Object.entries(report.dependencies).filter(([, { ok: works }]) => !works);
  if (missing.length === 0) return [ok(`version ${report.version} runs at ${url} and is ready`)];
  const words = missing.map(([name, { message = '' }]) => `${name} (${message})`).join('; ');
  return [fail(`the daemon runs at ${url} but is not ready: ${words}`, 'See the findings on these parts.')];
}

/** Sum of a counter's samples whose labels hold all the given ones. */
export function countOf(metrics: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
