/** A daemon that is told whom workspaces belong to, and how editors reach the store. Needs root. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { entriesOf } from '../support/s3-as.ts';
import { createWorld, eventually } from '../support/world.ts';

test.skipIf(process.getuid?.() !== 0)(
  'workspaces that are there are moved over, and new ones come into groups of their own',
  async () => {
    await using world = await createWorld({ PROV_WORKSPACE_GID: '4100' });
    const user = new PortalUser(world.portal.url);
    const products = join(world.folder, 'products');
    const make = async (home: string) => {
      await user.createProduct(home, home);
      await eventually('its history', () => world.workspaceFile(home, '.git/index'));
      return (await world.workspaceFile(home, '.env')) ?? '';
    };
    const before = await make('old');
    expect((await stat(join(products, 'old'))).gid).toBe(4100);
    await world.restart({ PROV_WORKSPACE_GID: '', PROV_WORKSPACE_GROUP_BASE: '43000' });
    await eventually('its own group', async () => (await stat(join(products, 'old'))).gid === 43_000);
    await make('new');
    expect((await stat(join(products, 'new'))).gid).toBe(43_001);
    for (const home of ['old', 'new'])
      expect((await stat(join(products, home, '.env'))).mode & 0o7777).toBe(0o640);
    expect((await stat(products)).mode & 0o777).toBe(0o711);
    // Moving over is no reason for another key.
    expect(await world.workspaceFile('old', '.env')).toBe(before);
  },
);

test.skipIf(process.getuid?.() !== 0)(
  'a workspace belongs to the editors’ user and group, and its .env names the store as they reach it',
  async () => {
    const endpoint = 'http://store.workspaces:9000';
    await using world = await createWorld({
      PROV_WORKSPACE_UID: '4200',
      PROV_WORKSPACE_GID: '4300',
      S3_WORKSPACE_ENDPOINT: endpoint,
    });
    const folder = join(world.folder, 'products', 'shared');
    await new PortalUser(world.portal.url).createProduct('Shared', 'shared');
    await eventually('its history', () => world.workspaceFile('shared', '.git/index'));
    for (const path of ['.', '.env', 'config.yaml', 'models', 'models/example.sql', '.git']) {
      const { uid, gid } = await stat(join(folder, path));
      expect([uid, gid], path).toEqual([4200, 4300]);
    }
    expect((await stat(join(folder, '.env'))).mode & 0o7777).toBe(0o640);
    expect((await stat(join(folder, 'models'))).mode & 0o7777).toBe(0o2775);
    const env = entriesOf((await world.workspaceFile('shared', '.env')) ?? '');
    expect(env).toMatchObject({
      S3_ENDPOINT: endpoint,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
    });
  },
);
