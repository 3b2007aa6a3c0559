/** From webhook to `.env`: products created in the portal until their workspace has a proven key. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PortalUser } from '../demo/people/portal-user.ts';
import { hasNoJobs } from '../test/support/idle.ts';
import { percentile } from './percentile.ts';
import type { BenchStage } from './stage.ts';

export interface HomeResult {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Time in which neither portal nor store owed an answer; only where products come one by one, and metered. */
  readonly ownP50Ms: number | null;
  readonly perSecond: number;
}

/** Creates `count` products, `together` at a time. `label` keeps the names of several runs apart. */
export async function measureHomes(
  stage: Pick<BenchStage, 'url' | 'portal' | 'meter' | 'products'>,
  label: string,
  count: number,
  together: number,
): Promise<HomeResult> {
  const user = new PortalUser(stage.portal.url);
  const totals: number[] = [];
  const own: number[] = [];
  let next = 0;
  const started = performance.now();
  const lane = async () => {
    while (next < count) {
      const home = `${label}-${next++}`;
      if (together === 1) await quiet(stage);
      stage.meter?.takeAwaitedMs();
      const product = await user.createProduct(`Product ${home}`, home);
      await envAppears(join(stage.products, home, '.env'), together === 1 ? 1 : lookEveryMs);
      const total = Date.now() - sentAtMs(stage.portal, product);
      totals.push(total);
      if (stage.meter !== null) own.push(total - stage.meter.takeAwaitedMs());
    }
  };
  await Promise.all(Array.from({ length: together }, lane));
  const seconds = (performance.now() - started) / 1000;
  return {
    p50Ms: percentile(totals, 50),
    p95Ms: percentile(totals, 95),
    p99Ms: percentile(totals, 99),
    ownP50Ms: together === 1 && own.length > 0 ? percentile(own, 50) : null,
    perSecond: Math.round((count / seconds) * 10) / 10,
  };
}

/** When the portal sent the webhook that told of the product: what a person's request took it before is not ours. */
function sentAtMs(portal: BenchStage['portal'], product: string): number {
  const first = portal.deliveries.find(({ body }) => body.includes(product));
  if (first === undefined) throw new Error(`the portal sent no webhook about ${product}`);
  return Date.parse(first.sentAt);
}

/** The runs before have ended, so that what is awaited belongs to the next. */
export async function quiet(stage: Pick<BenchStage, 'url'>): Promise<void> {
  while (!(await hasNoJobs(stage.url))) await wait(20);
}

/** Many lanes that look all the time would take the processor from what they wait for. */
const lookEveryMs = 20;

async function envAppears(path: string, everyMs: number): Promise<void> {
  // Synchronous: most looks find nothing, and a failed promise takes more of the processor that is measured.
  while (!existsSync(path) || !readFileSync(path, 'utf8').includes('S3_SECRET_KEY=')) await wait(everyMs);
}
