/** Templates through the daemon: who gets which, and what happens to a workspace when one changes. */
import { execFileSync } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { createWorld, eventually } from '../support/world.ts';

const Products = z.object({
  items: z.array(z.object({ conditions: z.array(z.object({ reason: z.string(), message: z.string() })) })),
});

const gitIn = (folder: string, ...words: string[]) =>
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...words], {
    cwd: folder,
    encoding: 'utf8',
  });

/** A copy of the template `sqlmesh` of its own, to be changed, and a product made from it. */
async function aProductFromOurs() {
  const world = await createWorld();
  const ours = join(world.folder, 'templates/sqlmesh');
  await cp('templates/sqlmesh', ours, { recursive: true });
  await world.restart({ PROV_TEMPLATE_PATH: ours });
  const user = new PortalUser(world.portal.url);
  await user.createProduct('Product', 'product');
  await eventually('.env', () => world.workspaceFile('product', '.env'));
  const folder = join(world.folder, 'products/product');
  const git = (...words: string[]) => gitIn(folder, ...words);
  await eventually('its history', () => world.workspaceFile('product', '.git/index'));
  const change = async (path: string, from: string, to: string) => {
    const text = await readFile(path, 'utf8');
    expect(text).toContain(from);
    await writeFile(path, text.replace(from, to));
  };
  return {
    world,
    folder,
    git,
    change,
    inTemplate: (path: string, from: string, to: string) => change(join(ours, path), from, to),
    upgrade: (more: Readonly<Record<string, string>> = {}) =>
      world.restart({ PROV_TEMPLATE_PATH: ours, ...more }),
    file: (path: string) => world.workspaceFile('product', path),
  };
}

test('a better template reaches workspaces, beside what people changed in them, and says why', async () => {
  const product = await aProductFromOurs();
  await using _world = product.world;
  const { folder, git, change, inTemplate, upgrade, file } = product;
  await eventually('a tidy history', () => git('status', '--porcelain') === '');
  await change(join(folder, 'config.yaml'), "cron: '@daily'", "cron: '@hourly'");
  git('commit', '--quiet', '--all', '--message', 'Build every hour');
  await inTemplate('template.yaml', 'version: 3', 'version: 4');
  await inTemplate('files/config.yaml.hbs', 'append_newline: true', 'append_newline: false');
  await inTemplate('files/run.sh', 'Usage: ./run.sh COMMAND', 'Usage: ./run.sh WHAT');
  await upgrade();
  await eventually('the new run.sh', async () => (await file('run.sh'))?.includes('Usage: ./run.sh WHAT'));
  const config = await eventually('the merge', async () => {
    const text = await file('config.yaml');
    return text?.includes('append_newline: false') ? text : null;
  });
  expect(config).toContain("cron: '@hourly'");
  await eventually('its commit', () => git('log', '-1', '--format=%s').startsWith('Follow the template'));
  expect(git('log', '-1', '--format=%B')).toMatch(/sqlmesh@3 to sqlmesh@4\n\nCause: the regular look/);
  await eventually('a tidy history', () => git('status', '--porcelain') === '');
});

test('where both changed the same line a person’s file stays, and so does one with edits under way; both are told until they are resolved', async () => {
  const product = await aProductFromOurs();
  await using world = product.world;
  const { folder, git, change, inTemplate, upgrade, file } = product;
  await eventually('a tidy history', () => git('status', '--porcelain') === '');
  await change(join(folder, 'config.yaml'), "cron: '@daily'", "cron: '@hourly'");
  git('commit', '--quiet', '--all', '--message', 'Build every hour');
  await change(join(folder, '.gitignore'), '.Rhistory', '.Rhistory\nmy-notes/');
  await inTemplate('files/config.yaml.hbs', "cron: '@daily'", "cron: '@weekly'");
  await inTemplate('files/.gitignore.hbs', '__pycache__/', '__pycache__/\n.theirs/');
  await upgrade();
  const beside = await eventually('the new version', () => file('config.yaml.new'));
  expect(beside).toContain("cron: '@weekly'");
  expect(await file('config.yaml')).toContain("cron: '@hourly'");
  const notices = async () => {
    const response = await fetch(`${world.daemon().url}/api/v1/products`);
    const { items } = Products.parse(await response.json());
    const told = (items[0]?.conditions ?? []).filter(({ reason }) => reason.startsWith('Template'));
    return Object.fromEntries(told.map(({ reason, message }) => [reason, message]));
  };
  const told = await eventually('both notices', async () => {
    const found = await notices();
    return Object.keys(found).length === 2 ? found : null;
  });
  expect(told).toEqual({
    TemplateConflict: expect.stringContaining('git diff --no-index config.yaml config.yaml.new'),
    TemplateWaiting: expect.stringMatching(/not committed: \.gitignore\. .*git commit/),
  });
  expect(await file('.gitignore')).not.toContain('.theirs/');

  git('commit', '--quiet', '--all', '--message', 'My notes');
  await rm(join(folder, 'config.yaml.new'));
  await upgrade({ PROV_DRIFT_INTERVAL: '1s' });
  await eventually('no notice', async () => Object.keys(await notices()).length === 0);
  expect(await file('.gitignore')).toMatch(/\.theirs\/\n(.|\n)*my-notes\//);
  expect(await file('config.yaml.new')).toBeNull();
});

test('a product gets the template that a rule of the platform names, and changes it without losing an edit', async () => {
  await using world = await createWorld();
  const platform = join(world.folder, 'platform.yaml');
  await writeFile(
    platform,
    'version: 1\nrules: [{ domain: sales, template: dbt-duckdb }]\nenv: { TRINO_HOST: trino }\n',
  );
  await world.restart({ PROV_PLATFORM_FILE: platform });
  const user = new PortalUser(world.portal.url);
  await user.createProduct('Product', 'product');
  const env = await eventually('.env', () => world.workspaceFile('product', '.env'));
  expect(env).toMatch(/^TRINO_HOST=trino$/m);
  const project = await eventually('dbt', () => world.workspaceFile('product', 'dbt_project.yml'));
  expect(project).toContain('name: product');
  const folder = join(world.folder, 'products/product');
  await eventually('its history', async () => (await world.workspaceFile('product', '.git/index')) !== null);
  await writeFile(join(folder, 'models/gold/gold_orders_by_country.sql'), 'select 1 as mine\n');
  gitIn(folder, 'commit', '--quiet', '--all', '--message', 'Mine');
  await world.restart();
  await eventually('sqlmesh', () => world.workspaceFile('product', 'config.yaml'));
  await eventually(
    'the end of dbt',
    async () => (await world.workspaceFile('product', 'dbt_project.yml')) === null,
  );
  expect(await world.workspaceFile('product', 'models/gold/gold_orders_by_country.sql')).toBe(
    'select 1 as mine\n',
  );
  await eventually('a tidy history', () => gitIn(folder, 'status', '--porcelain') === '');
});
