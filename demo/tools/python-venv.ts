/** Virtual environments of pinned Python packages, made once and kept between runs. */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exclusively } from './exclusively.ts';

const run = promisify(execFile);
/** A file in each finished environment. */
const mark = '.ready';

/**
 * Folder of an environment with the packages of a `requirements.txt`, with DuckDB's extensions that are among them in
 * place. It is named after the requirements, so a changed pin makes a new one. Several test processes may ask at once: one makes it.
 *
 * @param pipWords further words for pip
 * @throws when python3 or a package is missing
 */
export async function pythonVenv(
  cacheFolder: string,
  requirements: string,
  pipWords: readonly string[] = [],
): Promise<string> {
  const text = await readFile(requirements, 'utf8');
  const name = `venv-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  await mkdir(cacheFolder, { recursive: true });
  const [made] = (await environments(cacheFolder, name)).finished;
  if (made !== undefined) return made;
  return exclusively(join(cacheFolder, `${name}.lock`), async () => {
    const { finished, unfinished } = await environments(cacheFolder, name);
    if (finished[0] !== undefined) return finished[0];
    for (const half of unfinished) await rm(half, { recursive: true, force: true });
    // A pip that outlived a killed run may still write to its folder, so each try has its own. Moving it later would
    // break its programs, which know their interpreter by its path.
    const folder = join(cacheFolder, `${name}-${randomUUID().slice(0, 8)}`);
    await install(folder, requirements, pipWords);
    await writeFile(join(folder, mark), '');
    return folder;
  });
}

async function environments(cacheFolder: string, name: string) {
  const entries = await readdir(cacheFolder, { withFileTypes: true });
  const folders = entries
    .filter((entry) => entry.isDirectory() && entry.name.startsWith(name))
    .map((entry) => join(cacheFolder, entry.name));
  const isFinished = (folder: string) => existsSync(join(folder, mark));
  return {
    finished: folders.filter(isFinished),
    unfinished: folders.filter((folder) => !isFinished(folder)),
  };
}

async function install(folder: string, requirements: string, pipWords: readonly string[]): Promise<void> {
  const python = join(folder, 'bin', 'python');
  await run('python3', ['-m', 'venv', folder]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...pipWords];
  await run(python, [...pip, '-r', requirements]);
  const text = await readFile(requirements, 'utf8');
  const extensions = [...text.matchAll(/^duckdb-extension-(\w+)==/gm)].map(([, name]) => name);
  if (extensions.length === 0) return;
  const code = `from duckdb_extensions import import_extension\n${extensions.map((name) => `import_extension("${name}")`).join('\n')}`;
  await run(python, ['-c', code]);
}
