/** A new version of a template: seen before it is let go, tried by a few, stopped when it hurts one. */
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

const homes = ['one', 'two', 'three'];

/** Whatever the version of the original is now. */
async function setVersion(template: string, version: number): Promise<void> {
  const path = join(template, 'template.yaml');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/^version: \d+$/m, `version: ${version}`));
}

/** Three products of a template of their own, whose version 4 is at hand; with this `rollout` in the platform file. */
async function fleet(rollout: string) {
  const world = await createWorld();
  const ours = join(world.folder, 'templates/sqlmesh');
  const platform = join(world.folder, 'platform.yaml');
  await cp('templates/sqlmesh', ours, { recursive: true });
  await setVersion(ours, 3);
  await writeFile(platform, `version: 1\nrollout: ${rollout}\n`);
  const settings = { PROV_TEMPLATE_PATH: ours, PROV_PLATFORM_FILE: platform, PROV_RESYNC_INTERVAL: '2s' };
  await world.restart(settings);
  const user = new PortalUser(world.portal.url);
  for (const home of homes) await user.createProduct(home, home);
  for (const home of homes)
    await eventually(`the history of ${home}`, () => world.workspaceFile(home, '.git/index'));
  const edit = async (path: string, from: string, to: string) => {
    const text = await readFile(path, 'utf8');
    expect(text).toContain(from);
    await writeFile(path, text.replace(from, to));
  };
  const tag = (home: string) => {
    const { products, tags } = world.portal.state;
    const product = [...products.values()].find(({ namespace }) => namespace === home);
    const golden = [...tags.values()].find(({ value }) => value === 'golden');
    if (product === undefined || golden === undefined) throw new Error(`${home} can not be tagged`);
    products.set(product.id, { ...product, tagIds: [golden.id] });
  };
  return {
    world,
    edit,
    tag,
    upgrade: async () => {
      await setVersion(ours, 4);
      await edit(join(ours, 'files/config.yaml.hbs'), "cron: '@daily'", "cron: '@weekly'");
      await world.restart(settings);
    },
  };
}

const onNewVersion = async (world: World) => {
  const files = await Promise.all(homes.map((home) => world.workspaceFile(home, 'config.yaml')));
  return files.filter((text) => text?.includes('@weekly')).length;
};

/** The command line beside the running daemon, which needs this process to go on. */
function provisioner(world: World, ...words: string[]) {
  const env = { PATH: process.env.PATH ?? '', PROV_API_URL: world.daemon().url };
  const command = [resolve('src/main.js'), ...words];
  return promisify(execFile)(process.execPath, command, { env, cwd: world.folder });
}

test('goes to a canary first, and to all when that went well', async () => {
  const { world, upgrade } = await fleet('{ canaries: 1 }');
  await using _world = world;
  await upgrade();
  await eventually('all three', async () => (await onNewVersion(world)) === 3, 30_000);
  const told = world.lines.filter((line) => line.includes('goes to all'));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('"products":2');
});

test('only those who may try it first do, however many are wished, and one failure of them is borne where two would stop it', async () => {
  const { world, edit, tag, upgrade } = await fleet('{ canaries: 3, tag: golden, stop_after: 2 }');
  await using _world = world;
  for (const home of ['one', 'three']) tag(home);
  await edit(join(world.folder, 'products/one/config.yaml'), "cron: '@daily'", "cron: '@hourly'");
  await upgrade();
  await eventually('the others', async () => (await onNewVersion(world)) === 2, 30_000);
  const { stdout } = await provisioner(world, 'template', 'rollouts', '--json');
  expect(JSON.parse(stdout).items).toMatchObject([
    {
      template: 'sqlmesh@4',
      stage: 'all',
      canaries: [
        { home: 'one', outcome: 'failed' },
        { home: 'three', outcome: 'succeeded' },
      ],
      following: 3,
      behind: 0,
    },
  ]);
  expect((await provisioner(world, 'template', 'rollouts')).stdout).toMatch(
    /^sqlmesh@4 +goes to all .* one failed, three succeeded +3 of 3$/m,
  );
});

test('stops where a person’s work is in its way; the plan says who waits, and a person lets it go on', async () => {
  const { world, edit, upgrade } = await fleet('{ canaries: 1 }');
  await using _world = world;
  for (const home of homes)
    await edit(join(world.folder, 'products', home, 'config.yaml'), "cron: '@daily'", "cron: '@hourly'");
  await upgrade();
  await eventually('the stop', () =>
    world.lines.some((line) => line.includes('rollout of a template stopped')),
  );
  const planned = await provisioner(world, 'template', 'plan', '--json');
  expect(planned.stderr).toBe('');
  const { changing } = JSON.parse(planned.stdout);
  expect(changing).toHaveLength(2);
  for (const each of changing)
    expect(each).toMatchObject({ to: 'sqlmesh@4', conflicts: ['config.yaml'], waits: expect.any(String) });
  expect((await provisioner(world, 'template', 'plan')).stdout).toContain(
    '2 of 3 would change, 2 with a conflict',
  );
  const released = await provisioner(world, 'template', 'release', 'sqlmesh@4');
  expect(released.stdout).toContain('2 products follow');
  await eventually(
    'every new version beside',
    async () => {
      const beside = await Promise.all(homes.map((home) => world.workspaceFile(home, 'config.yaml.new')));
      return beside.every((text) => text?.includes('@weekly'));
    },
    30_000,
  );
});
