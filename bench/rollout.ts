/** What a template's new version would do to a whole fleet: `provisioner template plan` beside the running daemon. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { measureHomes } from './homes.ts';
import type { BenchStage } from './stage.ts';

export interface RolloutResult {
  readonly seconds: number;
  readonly products: number;
  /** Growth of the daemon's resident memory meanwhile. */
  readonly growthMb: number;
}

/** Makes so many homes first. */
export async function measureRollout(stage: BenchStage, products: number): Promise<RolloutResult> {
  await measureHomes(stage, 'fleet', products, 16);
  const before = await stage.memoryMb();
  const begun = performance.now();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['src/main.ts', 'template', 'plan', '--json'],
    { env: { PATH: process.env.PATH ?? '', PROV_API_URL: stage.url }, maxBuffer: 64 * 1024 * 1024 },
  );
  const seconds = (performance.now() - begun) / 1000;
  const growthMb = (await stage.memoryMb()) - before;
  return { seconds, products: Number(JSON.parse(stdout).products), growthMb };
}
