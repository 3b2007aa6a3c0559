/** A workspace without any key in it: the tools fetch one from the provisioner, and work as they do with one. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { pythonVenv } from '../../demo/tools/python-venv.ts';
import { objectsBelow } from '../stores/access.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import { startMinio } from '../support/stores/minio.ts';
import { freePort } from '../support/stores/server.ts';
import { createWorldOn, eventually } from '../support/world.ts';
import { expectDone, runIn, templateFolder } from './project.ts';

test.each([
  ['sqlmesh', 'plan'],
  ['dbt-duckdb', 'prod'],
])(
  '%s publishes with a session that it fetches itself',
  async (id, command) => {
    const venv = await pythonVenv(cacheFolder, join(templateFolder(id), 'files/requirements.txt'));
    const port = await freePort();
    await using world = await createWorldOn(startMinio, {
      PROV_CREDENTIALS: 'sessions',
      PROV_CREDENTIALS_URL: `http://127.0.0.1:${port}`,
      PROV_PORT: String(port),
    });
    // The folder is made by the world: the workspaces are where the daemon put them.
    const platform = join(world.folder, 'platform.yaml');
    await writeFile(platform, `version: 1\nrules: [{ domain: Sales, template: ${id} }]\n`);
    await world.restart({
      PROV_WORKSPACE_MOUNT: join(world.folder, 'products'),
      PROV_PLATFORM_FILE: platform,
    });
    await new PortalUser(world.portal.url).createProduct('Product', 'product');
    const env = await eventually('.env', () => world.workspaceFile('product', '.env'));
    expect(env).not.toMatch(/SECRET|SESSION/);
    await eventually('the project', () => world.workspaceFile('product', '.git/index'));
    expectDone(await runIn(join(world.folder, 'products/product'), venv, './run.sh', command));
    expect(await objectsBelow(world.store, 'product/output/')).toEqual([
      'product/output/example/data.parquet',
    ]);
  },
  15 * 60_000,
);
