/** What it costs to see that nothing has changed: drift checks of homes in order, one after another. */
import { setTimeout as wait } from 'node:timers/promises';
import { measureHomes } from './homes.ts';
import type { BenchStage } from './stage.ts';

export interface DriftCost {
  /** Per check of one product. */
  readonly storeRequests: number;
  readonly portalRequests: number;
  readonly cpuMs: number;
  /** Of git, which runs beside the daemon. */
  readonly gitCpuMs: number;
  /** Mean time of a check, from its begin to its end. */
  readonly runMs: number;
  /** Growth of resident memory over both rounds, per product. */
  readonly growthKb: number;
}

/** How often every product is checked, in seconds: some ten checks in a second, far from what the daemon can. */
const productsPerSecond = 10;

/** The interval at which so many products make a steady load. */
export function intervalFor(products: number): string {
  return `${products / productsPerSecond}s`;
}

/**
 * Makes so many homes, and watches a round of checks after each has been checked once: the first one looks through the
 * whole history of a workspace.
 *
 * @param stage whose drift interval is `intervalFor(products)`, metered
 */
export async function measureDrift(
  stage: BenchStage,
  products: number,
): Promise<{ readonly first: DriftCost; readonly later: DriftCost }> {
  await measureHomes(stage, 'still', products, 16);
  const first = await costOf(stage, products);
  return { first, later: await costOf(stage, products) };
}

async function costOf(stage: BenchStage, products: number): Promise<DriftCost> {
  const idle = (await runsOf(stage)).count;
  while ((await runsOf(stage)).count === idle) await wait(20);
  const before = await readingsOf(stage);
  while ((await runsOf(stage)).count < before.runs.count + products) await wait(100);
  const after = await readingsOf(stage);
  const runs = after.runs.count - before.runs.count;
  const per = (read: (readings: Readings) => number) => tenth((read(after) - read(before)) / runs);
  return {
    storeRequests: per(({ store }) => store),
    portalRequests: per(({ portal }) => portal),
    cpuMs: per(({ cpuMs }) => cpuMs),
    gitCpuMs: per(({ gitCpuMs }) => gitCpuMs),
    runMs: per((readings) => readings.runs.seconds * 1000),
    growthKb: tenth(((after.memoryMb - before.memoryMb) * 1024) / products),
  };
}

type Readings = Awaited<ReturnType<typeof readingsOf>>;

async function readingsOf(stage: BenchStage) {
  const { store = 0, portal = 0 } = stage.meter?.count ?? {};
  return {
    store,
    portal,
    runs: await runsOf(stage),
    cpuMs: await stage.cpuMs(),
    gitCpuMs: await stage.cpuOfProgramsMs(),
    memoryMb: await stage.memoryMb(),
  };
}

/** Runs that ended well so far, and how long they took together. */
async function runsOf({ url }: BenchStage) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const read = (what: string) =>
    Number(
      new RegExp(`^provisioner_run_seconds_${what}\\{outcome="succeeded"\\} (\\S+)$`, 'm').exec(text)?.[1] ??
        0,
    );
  return { count: read('count'), seconds: read('sum') };
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
