/** No file descriptor left: nothing can be opened, no file, no connection. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, onTestFailed, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { freePort } from '../../demo/store/free-port.ts';
import { type DaemonProcess, runDaemon } from '../support/daemon-process.ts';
import { sendHint } from '../support/hints.ts';
import { worksAlone } from '../support/inventory.ts';
import { startPostgres } from '../support/postgres.ts';
import { eventually, setStage, startStore } from '../support/world.ts';
import { convergenceMs, converges, Deadline } from './deadline.ts';

const run = promisify(execFile);
/** What the tests' machines have, or less. */
const plenty = 1024;
/** An embedded database that does not recover ends its daemon after so long; the next one begins with the resync. */
const lostFootingMs = 20_000;

async function limit({ pid }: DaemonProcess, descriptors: number): Promise<void> {
  await run('prlimit', ['--pid', String(pid), `--nofile=${descriptors}:${plenty}`]);
}

/** Starts the daemon again when it ends by itself, as whatever supervises it in production does. */
function supervise(environment: Readonly<Record<string, string>>) {
  const daemons: DaemonProcess[] = [];
  let going = true;
  const start = () => {
    const daemon = runDaemon(['serve'], environment);
    daemons.push(daemon);
    void daemon.ended.then(() => going && start());
  };
  start();
  const current = () => {
    const daemon = daemons.at(-1);
    if (daemon === undefined) throw new Error('nothing was started');
    return daemon;
  };
  const stop = async () => {
    going = false;
    await current().kill();
  };
  return {
    current,
    output: () => daemons.map((each) => each.output()).join(''),
    [Symbol.asyncDispose]: stop,
  };
}

test.each([
  ['the embedded database', null, lostFootingMs],
  ['a PostgreSQL server', startPostgres, 0],
])(
  'a daemon on %s that runs out of file descriptors loses nothing, and converges',
  async (_, startServer, moreMs) => {
    await using server = await startServer?.();
    const port = String(await freePort());
    await using stage = await setStage(startStore, {
      PROV_KEY_GRACE: '1s',
      PROV_RESYNC_INTERVAL: '1h',
      PROV_PORT: port,
      ...(server === undefined ? {} : { PROV_DATABASE_URL: server.url }),
    });
    await using supervised = supervise(stage.environment);
    onTestFailed(() => void process.stderr.write(supervised.output().slice(-20_000)));
    const url = await supervised.current().url();
    const user = new PortalUser(stage.portal.url);
    const hint = (product: string) => sendHint(url, stage.secret, product);
    await hint(await user.createProduct('before', 'before'));
    await eventually('a home', () => worksAlone(stage, 'before'));
    const homes = Array.from({ length: 6 }, (_each, number) => `bare-${number}`);
    const products = await Promise.all(homes.map((home) => user.createProduct(home, home)));
    const starved = supervised.current();
    const open = await readdir(`/proc/${starved.pid}/fd`);
    // Room for a few webhooks to come in, and for little of what its work needs.
    await limit(starved, open.length + 4);
    const unheard = new Set(products);
    const began = performance.now();
    while (performance.now() - began < 5000) {
      for (const product of unheard) if ((await hint(product)) !== null) unheard.delete(product);
    }
    await limit(starved, plenty);
    const deadline = new Deadline(convergenceMs + moreMs);
    for (const product of unheard) await deadline.soon('an acknowledgement', () => hint(product));
    await converges(stage, ['before', ...homes], deadline);
    expect(supervised.output()).toContain('"level":"error"');
  },
);
