/** Disks that are full or read-only: under the workspaces, under the embedded database. */
import { execFile } from 'node:child_process';
import { readFile, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { openDatabase } from '../../src/db/connection.ts';
import { type DaemonProcess, runDaemon } from '../support/daemon-process.ts';
import { sendHint } from '../support/hints.ts';
import { worksAlone } from '../support/inventory.ts';
import { eventually, type Stage, setStage, startStore } from '../support/world.ts';
import { converges, Deadline } from './deadline.ts';

const run = promisify(execFile);

/**
 * Starts a daemon that sees a small file system of its own at `folder`, which is gone when it is. Root may make one, and
 * so may anybody where the system lets people have a mount namespace.
 */
function runOnVolume(stage: Stage, folder: string, size: string, changes: Record<string, string> = {}) {
  const mount = `mount -t tmpfs -o size=${size} none "${folder}" && exec "$@"`;
  const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
  const through = ['unshare', ...namespace, 'sh', '-ec', mount, 'sh'];
  const daemon = runDaemon(['serve'], { ...stage.environment, ...changes }, through);
  /** The daemon's view of a path. */
  const inside = (path: string) => join('/proc', String(daemon.pid), 'root', path);
  const seen: Stage = {
    ...stage,
    workspaceFile: (home, path) =>
      readFile(inside(join(stage.folder, 'products', home, path)), 'utf8').catch(() => null),
  };
  return { daemon, inside, seen };
}

/** Takes all the room that is left. */
async function fill(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(join(path, '..'));
  // More than there is: somebody may have given a page back meanwhile.
  await writeFile(path, Buffer.alloc((bavail + 8) * bsize, 1)).catch(() => undefined);
}

async function isLive(url: string): Promise<boolean> {
  return fetch(`${url}/health/live`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function createAll(stage: Stage, daemon: DaemonProcess, homes: readonly string[]): Promise<string[]> {
  const user = new PortalUser(stage.portal.url);
  const url = await daemon.url();
  stage.portal.setWebhooks({ webhookV2Url: `${url}/webhooks/v2?token=token-${stage.secret}` });
  const ids: string[] = [];
  for (const home of homes) ids.push(await user.createProduct(home, home));
  return ids;
}

/** How often the daemon said why it could not write. */
function complaints(daemon: DaemonProcess): number {
  return daemon.output().split('"code":"WORKSPACE_UNWRITABLE"').length - 1;
}

test('a full volume of workspaces stops what needs it, says so, and goes on when there is room', async () => {
  await using stage = await setStage(startStore, { PROV_KEY_GRACE: '1s' });
  const folder = join(stage.folder, 'products');
  await run('mkdir', ['-p', folder]);
  const { daemon, inside, seen } = runOnVolume(stage, folder, '3m');
  await using _ = daemon;
  await createAll(stage, daemon, ['before']);
  await converges(seen, ['before'], new Deadline());
  await fill(inside(join(folder, 'ballast')));
  await createAll(stage, daemon, ['full-1', 'full-2', 'full-3']);
  await eventually('the complaint', () => complaints(daemon) >= 3);
  expect(await worksAlone(seen, 'before')).toBe(true);
  await run('rm', [inside(join(folder, 'ballast'))]);
  await converges(seen, ['before', 'full-1', 'full-2', 'full-3'], new Deadline());
  const left = await run('find', [inside(folder), '-name', '*.tmp']);
  expect(left.stdout).toBe('');
});

test('a volume of workspaces that is read-only for a while is written when it is not', async () => {
  await using stage = await setStage(startStore, { PROV_KEY_GRACE: '1s' });
  const folder = join(stage.folder, 'products');
  await run('mkdir', ['-p', folder]);
  const { daemon, seen } = runOnVolume(stage, folder, '3m');
  await using _ = daemon;
  await createAll(stage, daemon, ['before']);
  await converges(seen, ['before'], new Deadline());
  const enter = ['--target', String(daemon.pid), '--mount'];
  if (process.getuid?.() !== 0) enter.push('--user', '--preserve-credentials');
  const remount = (how: string) => run('nsenter', [...enter, 'mount', '-o', `remount,${how}`, folder]);
  // Busy as long as a file is being written: the key comes before the history.
  await eventually('a read-only volume', () =>
    remount('ro').then(
      () => true,
      () => false,
    ),
  );
  await createAll(stage, daemon, ['barred-1', 'barred-2']);
  await eventually('the complaint', () => complaints(daemon) >= 2);
  expect(await worksAlone(seen, 'before')).toBe(true);
  await remount('rw');
  await converges(seen, ['before', 'barred-1', 'barred-2'], new Deadline());
});

test('with the embedded database’s disk full nothing is acknowledged that is not stored; a start with room goes on', async () => {
  await using stage = await setStage(startStore, { PROV_KEY_GRACE: '1s', PROV_RESYNC_INTERVAL: '1h' });
  const folder = join(stage.folder, 'data');
  await run('mkdir', ['-p', folder]);
  const { daemon, inside, seen } = runOnVolume(stage, folder, '160m');
  await using _ = daemon;
  const [product = ''] = await createAll(stage, daemon, ['before']);
  await converges(seen, ['before'], new Deadline());
  await fill(inside(join(folder, 'ballast')));
  const url = await daemon.url();
  const hint = (about = product) => sendHint(url, stage.secret, about);
  const acknowledged: string[] = [];
  const refused = async () => {
    const delivery = await hint();
    if (delivery !== null) acknowledged.push(delivery);
    return delivery === null;
  };
  await eventually('a refusal', refused, 60_000);
  const [meanwhile] = await createAll(stage, daemon, ['meanwhile']);
  expect(await isLive(url)).toBe(true);
  await run('rm', [inside(join(folder, 'ballast'))]);
  acknowledged.push(await eventually('an acknowledgement', () => hint(meanwhile), 30_000));
  await converges(seen, ['before', 'meanwhile'], new Deadline());
  // As a crash would leave it; the folder itself goes with the daemon.
  const copy = join(stage.folder, 'copy');
  await run('cp', ['-a', inside(folder), copy]);
  await using database = await openDatabase(copy);
  const rows = await database.sql.selectFrom('delivery').select('id').execute();
  expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining(acknowledged));
});
