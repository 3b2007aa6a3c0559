/** What the daemon makes good after an absence, its own or others'. */
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { entriesOf, s3As } from '../support/s3-as.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

const envOf = (world: World, home: string) =>
  eventually(`.env of ${home}`, () => world.workspaceFile(home, '.env'));

test('a product created while no webhook arrives is found by the resync at start', async () => {
  await using world = await createWorld();
  world.portal.setWebhooks({});
  await new PortalUser(world.portal.url).createProduct('missed', 'missed');
  expect(await world.workspaceFile('missed', '.env')).toBeNull();
  await world.restart();
  await envOf(world, 'missed');
});

test('while the store is away webhooks are taken, readiness says so, and the home follows when it is back', async () => {
  await using world = await createWorld();
  world.store.freeze();
  await new PortalUser(world.portal.url).createProduct('patient', 'patient');
  await eventually('the delivery', () => world.lines.some((line) => line.includes('"accepted"')));
  const ready = await fetch(`${world.daemon().url}/health/ready`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    ready: false,
    dependencies: { store: { ok: false }, portal: { ok: true } },
  });
  world.store.thaw();
  await eventually('.env of patient', () => world.workspaceFile('patient', '.env'), 60_000);
});

test.each([
  ['deleted', (path: string) => rm(path)],
  [
    'cut off in the middle',
    async (path: string) => writeFile(path, (await readFile(path, 'utf8')).slice(0, 150)),
  ],
  [
    'given another key',
    async (path: string) =>
      writeFile(
        path,
        (await readFile(path, 'utf8')).replace(/S3_ACCESS_KEY=\w+/, 'S3_ACCESS_KEY=AKIAOTHER00000000000'),
      ),
  ],
])('an .env that was %s is put right at the next look', async (_how, damage) => {
  await using world = await createWorld();
  await new PortalUser(world.portal.url).createProduct('hurt', 'hurt');
  const before = await envOf(world, 'hurt');
  await damage(join(world.folder, 'products', 'hurt', '.env'));
  await world.restart({ PROV_DRIFT_INTERVAL: '1s' });
  const healed = await eventually('a working .env', async () => {
    const text = await world.workspaceFile('hurt', '.env');
    if (text === null || !text.includes('<<<') || text.includes('AKIAOTHER')) return null;
    return (await s3As(world.store.endpoint, text).put('hurt/x')) === 200 ? text : null;
  });
  expect(Object.keys(entriesOf(healed))).toEqual(Object.keys(entriesOf(before)));
});

test('an .env that became readable for a group is closed again, with the same key and the lines a person added', async () => {
  await using world = await createWorld();
  await new PortalUser(world.portal.url).createProduct('open', 'open');
  const before = await envOf(world, 'open');
  const path = join(world.folder, 'products', 'open', '.env');
  await writeFile(path, `MINE=1\n${before}# my note\n`);
  await chmod(path, 0o640);
  await world.restart({ PROV_DRIFT_INTERVAL: '1s' });
  await eventually('mode 0600', async () => ((await stat(path)).mode & 0o777) === 0o600);
  expect(await readFile(path, 'utf8')).toBe(`MINE=1\n${before}# my note\n`);
});

test('a file that a person edited or deleted stays so; a managed file is rewritten', async () => {
  await using world = await createWorld();
  await new PortalUser(world.portal.url).createProduct('edited', 'edited');
  // Keys do not wait for the files, nor files for keys; the history comes last.
  await eventually('the whole workspace', () => world.workspaceFile('edited', '.git/index'));
  const folder = join(world.folder, 'products', 'edited');
  const managed = await readFile(join(folder, 'macros/provisioner.py'), 'utf8');
  await writeFile(join(folder, 'config.yaml'), '# mine\n');
  await rm(join(folder, 'models/example.sql'));
  await writeFile(join(folder, 'macros/provisioner.py'), '# broken\n');
  await world.restart({ PROV_DRIFT_INTERVAL: '1s' });
  await eventually(
    'the managed file',
    async () => (await world.workspaceFile('edited', 'macros/provisioner.py')) === managed,
  );
  expect(await world.workspaceFile('edited', 'config.yaml')).toBe('# mine\n');
  expect(await world.workspaceFile('edited', 'models/example.sql')).toBeNull();
});
