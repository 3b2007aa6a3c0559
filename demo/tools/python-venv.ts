/** Virtual environments of pinned Python packages, made once and kept between runs. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Longer than an installation over a slow network takes: a lock that is older was left by a killed run. */
const staleLockMs = 15 * 60_000;

/**
 * Folder of an environment with the packages of a `requirements.txt`, with DuckDB's `httpfs` extension in place. It is
 * named after the requirements, so a changed pin makes a new one. Several test processes may ask at once: one makes it.
 *
 * @throws when python3 or a package is missing
 */
export async function pythonVenv(cacheFolder: string, requirements: string): Promise<string> {
  const text = await readFile(requirements, 'utf8');
  const folder = join(cacheFolder, `venv-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`);
  const ready = join(folder, '.ready');
  const lock = `${folder}.lock`;
  await mkdir(cacheFolder, { recursive: true });
  while (!(await exists(ready))) {
    if (await takeLock(lock)) {
      try {
        if (!(await exists(ready))) await install(folder, requirements);
        await (await open(ready, 'w')).close();
      } finally {
        await rm(lock, { force: true });
      }
    } else {
      await wait(1000);
    }
  }
  return folder;
}

async function install(folder: string, requirements: string): Promise<void> {
  const python = join(folder, 'bin', 'python');
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  await run(python, ['-c', 'from duckdb_extensions import import_extension; import_extension("httpfs")']);
}

async function takeLock(lock: string): Promise<boolean> {
  const held = await stat(lock).catch(() => null);
  if (held !== null && Date.now() - held.mtimeMs > staleLockMs) await rm(lock, { force: true });
  try {
    await (await open(lock, 'wx')).close();
    return true;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
