/** A daemon that is told to give each workspace a group of its own. Needs root. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
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
