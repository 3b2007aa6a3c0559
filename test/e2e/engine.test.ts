/** What the daemon does by itself over the years, and what people may order: on a real store, portal and database. */
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleGit } from 'simple-git';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { openDatabase } from '../../src/db/connection.ts';
import { isIdle } from '../support/idle.ts';
import { bucketsOf, exactInventory } from '../support/inventory.ts';
import { copyDatabase } from '../support/prepared-database.ts';
import { entriesOf, s3As } from '../support/s3-as.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

const envOf = (world: World, home: string) =>
  eventually(`.env of ${home}`, () => world.workspaceFile(home, '.env'));
const said = (world: World, text: string) => world.lines.filter((line) => line.includes(text)).length;
const settled = (world: World, times: number) =>
  eventually('a run that ended', () => said(world, '"brought the product in order"') >= times);

/** The daemon must be stopped. */
async function loseDatabase(world: World): Promise<void> {
  const folder = String(world.environment.PROV_DATABASE_URL);
  await rm(folder, { recursive: true });
  await copyDatabase(folder);
}

/** Looks into the books; the daemon must be stopped, as an embedded database has one owner. */
async function books<T>(world: World, look: (db: Awaited<ReturnType<typeof openDatabase>>) => Promise<T>) {
  await using database = await openDatabase(String(world.environment.PROV_DATABASE_URL));
  return await look(database);
}

test('a start at which nothing has changed looks at no product, whatever their number', async () => {
  await using world = await createWorld();
  const user = new PortalUser(world.portal.url);
  const provider = await user.createProduct('one', 'one');
  const port = await user.createPort(provider, 'out');
  const consumer = await user.createProduct('two', 'two');
  await user.requestAccess(consumer, port);
  await user.decide(provider, port, consumer, 'approve');
  await eventually('access', async () => (await envOf(world, 'two')).includes('one/output'));
  await eventually('the end of what was asked', () => isIdle(world));
  const before = world.lines.length;
  await world.restart();
  const resync = () => world.lines.slice(before).find((line) => line.includes('"message":"resync"'));
  expect(JSON.parse(await eventually('the resync', resync))).toMatchObject({ products: 2, toLookAt: 0 });
});

test('what changed while nobody was told is found by the next resync: a name, an approval', async () => {
  await using world = await createWorld();
  const user = new PortalUser(world.portal.url);
  const provider = await user.createProduct('source', 'source');
  const port = await user.createPort(provider, 'out');
  const consumer = await user.createProduct('reader', 'reader');
  await Promise.all([envOf(world, 'source'), envOf(world, 'reader')]);
  world.portal.setWebhooks({});
  await user.requestAccess(consumer, port);
  await user.decide(provider, port, consumer, 'approve');
  await world.restart();
  await eventually('access', async () => (await envOf(world, 'reader')).includes('source/output'));
});

test('who is asked for access by a product that is made gets a home, though no event names it', async () => {
  await using world = await createWorld();
  const user = new PortalUser(world.portal.url);
  world.portal.setWebhooks({});
  const port = await user.createPort(await user.createProduct('Unheard', 'unheard'), 'out');
  world.portal.setWebhooks({ webhookUrl: world.daemon().url, webhookSecret: world.secret });
  await user.createProduct('Asking', 'asking', { port });
  await Promise.all([envOf(world, 'asking'), envOf(world, 'unheard')]);
});

test('drift is put right without an event, and the audit says what it was, in a chain that verifies', async () => {
  await using world = await createWorld({ PROV_DRIFT_INTERVAL: '1s' });
  await new PortalUser(world.portal.url).createProduct('drifting', 'drifting');
  await envOf(world, 'drifting');
  await settled(world, 1);
  const path = join(world.folder, 'products/drifting/macros/provisioner.py');
  const managed = await readFile(path, 'utf8');
  await writeFile(path, '# broken\n');
  await eventually('the file as it was', async () => (await readFile(path, 'utf8')) === managed);
  const env = await envOf(world, 'drifting');
  const envPath = join(world.folder, 'products/drifting/.env');
  // In one go, as a half of it would be another finding.
  await writeFile(`${envPath}~`, env.replace(/^S3_BUCKET=.*$/m, 'S3_BUCKET=elsewhere'), { mode: 0o600 });
  await rename(`${envPath}~`, envPath);
  await eventually('the .env as it was', async () => (await readFile(envPath, 'utf8')) === env);
  await settled(world, 3);
  await world.daemon()[Symbol.asyncDispose]();
  const { drift, verdict } = await books(world, async ({ sql }) => {
    const { sealAudit, verifyAudit } = await import('../../src/db/audit.ts');
    await sealAudit(sql);
    const rows = await sql.selectFrom('audit').selectAll().where('action', '=', 'drift-found').execute();
    return { drift: rows, verdict: await verifyAudit(sql) };
  });
  expect(drift.map(({ target }) => target).sort()).toEqual(['.env S3_BUCKET', 'file macros/provisioner.py']);
  expect(new Set(drift.map(({ actor }) => actor))).toEqual(new Set(['provisioner']));
  expect(verdict.ok).toBe(true);
});

test('a key that others could read - in .env, in a commit, in a notebook - is replaced at once, and that is told', async () => {
  await using world = await createWorld({ PROV_DRIFT_INTERVAL: '1s' });
  await new PortalUser(world.portal.url).createProduct('leaky', 'leaky');
  await envOf(world, 'leaky');
  await settled(world, 1);
  const folder = join(world.folder, 'products/leaky');
  const keys: string[] = [];
  const another = async (how: string) => {
    const entries = await eventually(`another key after ${how}`, async () => {
      const found = entriesOf((await world.workspaceFile('leaky', '.env')) ?? '');
      return found.S3_ACCESS_KEY === undefined || keys.includes(found.S3_ACCESS_KEY) ? null : found;
    });
    keys.push(String(entries.S3_ACCESS_KEY));
    return String(entries.S3_SECRET_KEY);
  };
  await another('the first run');
  await chmod(join(folder, '.env'), 0o644);
  await another('.env was opened');
  const git = simpleGit(folder).addConfig('user.name', 'anna').addConfig('user.email', 'anna@example.com');
  await git.raw('add', '--force', '.env');
  await git.commit('oops');
  const secret = await another('.env was committed');
  await writeFile(join(folder, 'eda.ipynb'), JSON.stringify({ cells: [{ source: `key = '${secret}'` }] }), {
    mode: 0o644,
  });
  await another('the key was pasted');
  const told = world.lines.filter((line) => line.includes('found a key that others may know'));
  expect(told.map((line) => JSON.parse(line).where)).toEqual([
    'everybody on the machine could read the .env',
    'it lies in the workspace’s git history',
    'everybody on the machine could read it in "eda.ipynb"',
  ]);
  const metrics = await (await fetch(`${world.daemon().url}/metrics`)).text();
  expect(metrics).toContain('\nprovisioner_leaks_total 3\n');
});

test('a key that has reached its age is replaced by one that works, without an event', async () => {
  await using world = await createWorld({ PROV_KEY_MAX_AGE: '2s' });
  await new PortalUser(world.portal.url).createProduct('aging', 'aging');
  const first = entriesOf(await envOf(world, 'aging')).S3_ACCESS_KEY;
  const text = await eventually('another key', async () => {
    const found = (await world.workspaceFile('aging', '.env')) ?? '';
    return entriesOf(found).S3_ACCESS_KEY === first ? null : found;
  });
  expect(await s3As(world.store.endpoint, text).put('aging/x')).toBe(200);
});

test('an installation that only observes plans, and touches nothing: no workspace, no finalizer, nothing in the store', async () => {
  await using world = await createWorld({ PROV_OBSERVE_ONLY: 'true' });
  const id = await new PortalUser(world.portal.url).createProduct('watched', 'watched');
  await eventually('the run', () => said(world, '"nothing to do"') >= 1);
  await eventually('the identity API', () => said(world, 'the store is not probed') >= 1);
  expect(await readdir(join(world.folder, 'products')).catch(() => [])).not.toContain('watched');
  await world.daemon()[Symbol.asyncDispose]();
  await exactInventory(world, []);
  expect(await bucketsOf(world.store)).toEqual([]);
  const conditions = await books(world, ({ sql }) =>
    sql
      .selectFrom('product')
      .select('conditions')
      .where('id', '=', id as never)
      .executeTakeFirst(),
  );
  expect(conditions?.conditions[0]).toMatchObject({ reason: 'Paused' });
  expect(conditions?.conditions[0]?.message).toContain('issue an access key');
  expect((await new PortalUser(world.portal.url).detail(id)).finalizers).toEqual([]);
});

test('with the database lost, a start takes all homes over: same keys, same files, nothing written', async () => {
  await using world = await createWorld();
  const user = new PortalUser(world.portal.url);
  const provider = await user.createProduct('kept', 'kept');
  const port = await user.createPort(provider, 'out');
  const consumer = await user.createProduct('renamed', 'before');
  await user.requestAccess(consumer, port);
  await user.decide(provider, port, consumer, 'approve');
  await eventually('access', async () => (await envOf(world, 'before')).includes('kept/output'));
  const ran = () => said(world, '"brought the product in order"') + said(world, '"nothing to do"');
  await user.rename(consumer, 'after');
  await eventually('the rename', () => said(world, 'renamed in the portal') > 0);
  await rm(join(world.folder, 'products/before/models/example.sql'));
  await writeFile(join(world.folder, 'products/kept/config.yaml'), '# mine\n');
  const before = await Promise.all(['kept', 'before'].map((home) => envOf(world, home)));
  await world.daemon()[Symbol.asyncDispose]();
  await loseDatabase(world);
  const runsBefore = ran();
  await world.restart();
  await eventually('both homes', () => said(world, 'recognise access key') >= 2 && ran() >= runsBefore + 2);
  expect(await Promise.all(['kept', 'before'].map((home) => envOf(world, home)))).toEqual(before);
  expect(await world.workspaceFile('kept', 'config.yaml')).toBe('# mine\n');
  expect(await world.workspaceFile('before', 'models/example.sql')).toBeNull();
  const homes = (await readdir(join(world.folder, 'products'))).filter((name) => !name.startsWith('.'));
  expect(homes.sort()).toEqual(['before', 'kept']);
});

test.each([
  ['', async (_world: World) => undefined],
  [', though the database was lost meanwhile', loseDatabase],
])(
  'a workspace comes back from the archive with its product, or is swept when its time there is over%s',
  async (_what, meanwhile) => {
    await using world = await createWorld({ PROV_BRAKE_MINIMUM: '100' });
    const user = new PortalUser(world.portal.url);
    const id = await user.createProduct('phoenix', 'phoenix');
    await envOf(world, 'phoenix');
    await settled(world, 1);
    await writeFile(join(world.folder, 'products/phoenix/mine.sql'), 'select 1\n');
    const { products, roleAssignments } = world.portal.state;
    const copy = { product: products.get(id), roles: [...roleAssignments] };
    const archived = () => readdir(join(world.folder, 'products/.archive')).catch(() => []);
    const deleteIt = async () => {
      await user.delete(id);
      await eventually('its end', async () => !(await user.exists(id)) && (await archived()).length === 1);
      await world.daemon()[Symbol.asyncDispose]();
      await meanwhile(world);
    };
    await deleteIt();
    if (copy.product === undefined) throw new Error('the portal has no such product');
    products.set(id, { ...copy.product, status: 'active', finalizers: [] });
    for (const [key, role] of copy.roles) roleAssignments.set(key, role);
    await world.restart();
    await eventually(
      'the workspace',
      async () => (await world.workspaceFile('phoenix', 'mine.sql')) !== null,
    );
    const text = await eventually('a key', async () => {
      const found = await world.workspaceFile('phoenix', '.env');
      return found?.includes('S3_SECRET_KEY=') === true ? found : null;
    });
    expect(await s3As(world.store.endpoint, text).put('phoenix/x')).toBe(200);
    await deleteIt();
    await mkdir(join(world.folder, 'products/.archive/of-somebody-else'));
    await world.restart({ PROV_ARCHIVE_RETENTION: '1ms' });
    await eventually('the sweep', async () => (await archived()).join() === 'of-somebody-else');
  },
);
