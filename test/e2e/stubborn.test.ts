/** What people do to a workspace, or choose for it, keeps no access open: the store's part of a home follows all the same. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { s3As } from '../support/s3-as.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

let world: World;
let user: PortalUser;
let number = 0;

beforeAll(async () => {
  world = await createWorld({ PROV_BRAKE_MINIMUM: '1000', PROV_KEY_GRACE: '1s' });
  user = new PortalUser(world.portal.url);
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** A reader that was let in, with the `.env` that it has. */
async function aReader() {
  number += 1;
  const home = `reader-${number}`;
  const source = `source-${number}`;
  const provider = await user.createProduct(source, source);
  const port = await user.createPort(provider, `out-${number}`);
  const consumer = await user.createProduct(home, home);
  await user.requestAccess(consumer, port);
  await user.decide(provider, port, consumer, 'approve');
  const env = await eventually('access', async () => {
    const text = await world.workspaceFile(home, '.env');
    return text?.includes(`/${source}/output/`) === true ? text : null;
  });
  const status = () => s3As(world.store.endpoint, env).get(`${source}/.keep`);
  await eventually('access', async () => (await status()) === 200);
  await eventually('a tidy workspace', () => world.workspaceFile(home, '.git/index'));
  const folder = join(world.folder, 'products', home);
  return { home, folder, provider, port, consumer, status };
}

const spoil: Record<string, (folder: string) => Promise<unknown>> = {
  'a pipe in place of .env': async (folder) => {
    await rm(join(folder, '.env'));
    await promisify(execFile)('mkfifo', [join(folder, '.env')]);
  },
  'a link in place of .env': async (folder) => {
    await rename(join(folder, '.env'), join(folder, 'mine'));
    await symlink('mine', join(folder, '.env'));
  },
  'a folder in place of .env': async (folder) => {
    await rm(join(folder, '.env'));
    await mkdir(join(folder, '.env'));
  },
  'a link in place of a folder of ours': async (folder) => {
    await rename(join(folder, 'macros'), join(folder, 'elsewhere'));
    await symlink('elsewhere', join(folder, 'macros'));
  },
};

describe.each(Object.entries(spoil))('%s', (_what, how) => {
  test('keeps no access that was taken away', async () => {
    const { folder, provider, port, consumer, status } = await aReader();
    await how(folder);
    await user.decide(provider, port, consumer, 'revoke');
    await eventually('the end of access', async () => (await status()) === 403);
  });

  test('keeps no key of a deleted product, and the workspace goes to the archive', async () => {
    const { home, folder, consumer, status } = await aReader();
    await how(folder);
    await user.delete(consumer);
    await eventually('the portal to let it go', async () => !(await user.exists(consumer)));
    expect(await status()).toBe(403);
    const archived = await readdir(join(world.folder, 'products/.archive'));
    expect(archived.filter((name) => name.startsWith(`${home}-`))).toHaveLength(1);
  });
});

test('a template that can not be had keeps no access, and the product says what is wrong', async () => {
  const { provider, port, consumer, status, home } = await aReader();
  const settings = `${world.portal.url}/api/v2/data_products/${consumer}/settings`;
  const [definition] = world.portal.state.settingDefinitions.values();
  const answer = await fetch(`${settings}/${definition?.id}?value=nonsense`, { method: 'POST' });
  expect(answer.status).toBe(200);
  await eventually('the complaint', () => world.lines.some((line) => line.includes('"TEMPLATE_INVALID"')));
  await user.decide(provider, port, consumer, 'revoke');
  await eventually('the end of access', async () => (await status()) === 403);
  const after = await eventually('another key', async () => {
    const text = await world.workspaceFile(home, '.env');
    return text?.includes('S3_INPUTS=\n') === true ? text : null;
  });
  expect(await s3As(world.store.endpoint, after).put(`${home}/own`)).toBe(200);
});
