/** A PostgreSQL server of its own for one test file, from the programs of Debian's `postgresql` package. */
import { execFile, spawn } from 'node:child_process';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../../demo/store/free-port.ts';
import { eventually } from './world.ts';

const run = promisify(execFile);
const packages = '/usr/lib/postgresql';

export interface PostgresServer extends AsyncDisposable {
  readonly url: string;
  /** Cuts every connection and comes back with what was committed, as after a crash. */
  restart(): Promise<void>;
}

/** @throws when the programs are not installed: such a test fails, it is not skipped */
export async function startPostgres(): Promise<PostgresServer> {
  const [newest] = (await readdir(packages)).sort((left, right) => Number(right) - Number(left));
  const programs = join(packages, newest ?? '', 'bin');
  const folder = await mkdtemp('/tmp/provisioner-postgres-');
  const user = await serverUser(folder);
  const port = await freePort();
  await run(join(programs, 'initdb'), ['-D', join(folder, 'data'), '-U', 'provisioner', '-A', 'trust'], user);
  const options = ['-D', join(folder, 'data'), '-p', String(port), '-k', folder, '-h', '127.0.0.1'];
  const start = () => spawn(join(programs, 'postgres'), options, { ...user, stdio: 'ignore' });
  let child = start();
  const end = async (signal: NodeJS.Signals) => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  const url = `postgres://provisioner@127.0.0.1:${port}/postgres`;
  await eventually('PostgreSQL to answer', () => answers(url), 30_000);
  return {
    url,
    restart: async () => {
      await end('SIGQUIT');
      child = start();
      await eventually('PostgreSQL to answer again', () => answers(url), 30_000);
    },
    [Symbol.asyncDispose]: async () => {
      await end('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root: root lends it the package's own user. */
async function serverUser(folder: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const uid = Number((await run('id', ['-u', 'postgres'])).stdout);
  const gid = Number((await run('id', ['-g', 'postgres'])).stdout);
  await chown(folder, uid, gid);
  return { uid, gid };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
