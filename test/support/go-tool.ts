/** Programs built from pinned Go modules, made once and kept between runs. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache-folder.ts';

const run = promisify(execFile);

export interface GoTool {
  /** Path of the main package; its last segment is the program's name. */
  readonly package: string;
  readonly version: string;
}

export function goToolPath({ package: path, version }: GoTool): string {
  return join(cacheFolder, 'go', `${basename(path)}@${version}`);
}

/** Builds the program unless it is there: minutes on two cores. @throws when Go or the module can not be had */
export async function installGoTool(tool: GoTool, say: (line: string) => void): Promise<void> {
  const program = goToolPath(tool);
  if (existsSync(program)) return;
  say(`building ${basename(program)} (once, some minutes)`);
  await mkdir(join(cacheFolder, 'go'), { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, 'go', 'build-'));
  try {
    await run('go', ['install', '-trimpath', '-ldflags', '-s -w', `${tool.package}@${tool.version}`], {
      env: { ...process.env, GOBIN: folder },
      maxBuffer: 16 * 1024 * 1024,
    });
    await rename(join(folder, basename(tool.package)), program);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
