/**
 * What a template's new version would do to a whole fleet, in which people have edited some files: `provisioner template
 * plan` beside the running daemon.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { sumOf } from './fleet.ts';
import { measureHomes, quiet } from './homes.ts';
import type { BenchStage } from './stage.ts';

export interface RolloutResult {
  readonly seconds: number;
  /** Products that would change: all of them. */
  readonly changing: number;
  /** Of these, with files that both sides changed. */
  readonly merging: number;
  readonly conflicting: number;
  /** Growth of the daemon's resident memory meanwhile. */
  readonly growthMb: number;
}

/** Of each ten, so many have an edit that merges, and so many one in the same place. */
const [merged, conflicted] = [3, 1];

/** Makes so many homes first, and waits until all runs with the new version have ended: each finds that others go first. */
export async function measureRollout(
  setStage: (settings: Readonly<Record<string, string>>) => Promise<BenchStage>,
  products: number,
): Promise<RolloutResult> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-bench-rollout-'));
  const template = join(folder, 'sqlmesh');
  const platform = join(folder, 'platform.yaml');
  await cp('templates/sqlmesh', template, { recursive: true });
  await writeFile(platform, 'version: 1\nrollout: { canaries: 1, tag: nobody-has-it }\n');
  await using stage = await setStage({ PROV_TEMPLATE_PATH: template, PROV_PLATFORM_FILE: platform });
  await measureHomes(stage, 'fleet', products, 16);
  await quiet(stage);
  for (let index = 0; index < products; index += 1) {
    const config = join(stage.products, `fleet-${index}`, 'config.yaml');
    if (index % 10 < merged) await replaceIn(config, /cron: '@daily'/, "cron: '@hourly'");
    else if (index % 10 < merged + conflicted)
      await replaceIn(config, /append_newline: true/, 'append_newline: 1');
  }
  await replaceIn(join(template, 'template.yaml'), /^version: .*$/m, 'version: 1000');
  await replaceIn(join(template, 'files/config.yaml.hbs'), /append_newline: true/, 'append_newline: false');
  await stage.restart();
  // A resync feeds the queue little by little: that it is empty does not say that all have been looked at.
  while ((await sumOf(stage.url, /^provisioner_run_seconds_count\{[^}]*\} (\d+)$/gm)) < products)
    await wait(100);
  await quiet(stage);
  const before = await stage.memoryMb();
  const begun = performance.now();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['src/main.js', 'template', 'plan', '--json'],
    { env: { PATH: process.env.PATH ?? '', PROV_API_URL: stage.url }, maxBuffer: 64 * 1024 * 1024 },
  );
  const seconds = (performance.now() - begun) / 1000;
  const growthMb = (await stage.memoryMb()) - before;
  await rm(folder, { recursive: true });
  const { changing }: { changing: { merge: string[]; conflicts: string[] }[] } = JSON.parse(stdout);
  if (changing.length !== products) throw new Error(`${changing.length} of ${products} would change`);
  return {
    seconds,
    changing: changing.length,
    merging: changing.filter(({ merge }) => merge.length > 0).length,
    conflicting: changing.filter(({ conflicts }) => conflicts.length > 0).length,
    growthMb,
  };
}

async function replaceIn(path: string, from: RegExp, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (!from.test(text)) throw new Error(`${path} holds no ${from}`);
  await writeFile(path, text.replace(from, to));
}
