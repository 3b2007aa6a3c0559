/** A first installation where an estate lives already: looked at, then taken over with all that people had. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { createS3Client } from '../../src/storage/s3.ts';
import { exactInventory } from '../support/inventory.ts';
import { s3As } from '../support/s3-as.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

const people = {
  'README.md': '# Ours since 2019\n',
  'run.sh': '#!/bin/sh\necho ours\n',
  'models/mine.sql': 'select 1\n',
  '.env': 'MINE=1\n',
};

const Bucket = 'data-products';
const adminOf = ({ endpoint, accessKey, secretKey }: World['store']) =>
  createS3Client({ endpoint, region: 'us-east-1', accessKeyId: accessKey, secretAccessKey: secretKey }, 1);

/** A prefix with data and a workspace with a history, as they were before anybody heard of us. */
async function makeLivingEstate({ store, folder }: World): Promise<void> {
  const client = adminOf(store);
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'sales/output/orders.parquet', Body: 'data' }));
  const workspace = join(folder, 'products/sales');
  await mkdir(join(workspace, 'models'), { recursive: true });
  for (const [path, text] of Object.entries(people)) await writeFile(join(workspace, path), text);
  await writeFile(join(workspace, '.gitignore'), '.env\n');
  gitIn(workspace, 'init', '--quiet', '--initial-branch=main');
  gitIn(workspace, 'add', '--all');
  gitIn(workspace, 'commit', '--quiet', '--message', 'ours');
}

function gitIn(cwd: string, ...words: string[]): string {
  const person = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
  return execFileSync('git', [...person, ...words], { cwd, encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** The key of every object below the prefix, and every file of the workspace with what is in it. */
async function everythingIn({ store, folder }: World) {
  const { Contents = [] } = await adminOf(store).send(new ListObjectsV2Command({ Bucket, Prefix: 'sales/' }));
  const root = join(folder, 'products/sales');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    files
      .sort()
      .map(async (path) => [path, await readFile(path, 'latin1'), (await stat(path)).mode] as const),
  );
  return { objects: Contents.map(({ Key }) => Key), texts };
}

test('it is observed without a trace, then taken over: data, files, history and lines of .env stay', async () => {
  await using world = await createWorld({ PROV_OBSERVE_ONLY: 'true' });
  await makeLivingEstate(world);
  const before = await everythingIn(world);
  await new PortalUser(world.portal.url).createProduct('Sales', 'sales');
  await eventually('the look', () => world.lines.some((line) => line.includes('"nothing to do"')));
  expect(await everythingIn(world)).toEqual(before);
  await exactInventory(world, []);

  const workspace = join(world.folder, 'products/sales');
  const commit = gitIn(workspace, 'rev-parse', 'HEAD');
  await world.restart({ PROV_OBSERVE_ONLY: 'false' });
  const env = await eventually('a key', async () => {
    const text = await world.workspaceFile('sales', '.env');
    return text?.includes('S3_SECRET_KEY=') === true ? text : null;
  });
  await eventually('the end of the run', () =>
    world.lines.some((line) => line.includes('"brought the product in order"')),
  );
  expect(env).toMatch(/^MINE=1\n/);
  expect(await s3As(world.store.endpoint, env).get('sales/output/orders.parquet')).toBe(200);
  expect(await world.workspaceFile('sales', 'README.md')).toBe(people['README.md']);
  expect(await world.workspaceFile('sales', 'README.md.new')).toContain('# Sales');
  expect(await world.workspaceFile('sales', 'models/mine.sql')).toBe(people['models/mine.sql']);
  // What has to be ours gives the person's a place beside it.
  expect(await world.workspaceFile('sales', 'run.sh')).toContain('sqlmesh');
  expect(await world.workspaceFile('sales', 'run.sh.orig')).toBe(people['run.sh']);
  expect(gitIn(workspace, 'merge-base', '--is-ancestor', commit, 'main')).toBe('');
  expect(gitIn(workspace, 'show', `${commit}:run.sh`)).toBe(people['run.sh'].trim());
  await exactInventory(world, ['sales']);
});
