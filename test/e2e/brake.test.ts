/** When products vanish in numbers, nothing is torn down until a person agrees. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { s3As } from '../support/s3-as.ts';
import { createWorld, eventually } from '../support/world.ts';

test('a deleted lifecycle takes its products from the portal, and their homes stay until the brake is released', async () => {
  await using world = await createWorld();
  const user = new PortalUser(world.portal.url);
  const homes = ['one', 'two', 'three', 'four'];
  for (const home of homes) await user.createProduct(home, home, 'Ready');
  await user.createProduct('stays', 'stays');
  const envs = await Promise.all(
    [...homes, 'stays'].map((home) => eventually(`.env of ${home}`, () => world.workspaceFile(home, '.env'))),
  );

  await user.deleteLifecycle('Ready');
  await eventually('the brake', () => world.lines.some((line) => line.includes('the brake is on')));
  await eventually('all four held', async () => (await metric(world.daemon().url, 'state="held"')) === 4);
  for (const [index, home] of homes.entries()) {
    expect(await world.workspaceFile(home, '.env')).toBe(envs[index]);
    expect(await s3As(world.store.endpoint, envs[index] ?? '').get(`${home}/.keep`)).toBe(200);
  }

  await writeFile(join(world.folder, 'control', 'brake-release'), '');
  for (const [index, home] of homes.entries()) {
    await eventually(`the end of ${home}`, async () => (await world.workspaceFile(home, '.env')) === null);
    expect(await s3As(world.store.endpoint, envs[index] ?? '').get(`${home}/.keep`)).toBe(403);
  }
  expect(await world.workspaceFile('stays', '.env')).toBe(envs.at(-1));
});

test('a single deletion is not held up', async () => {
  await using world = await createWorld();
  const user = new PortalUser(world.portal.url);
  const product = await user.createProduct('one', 'one');
  await eventually('.env', () => world.workspaceFile('one', '.env'));
  await user.delete(product);
  await eventually('its end', async () => !(await user.exists(product)));
});

async function metric(url: string, label: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text
    .split('\n')
    .find((each) => each.startsWith('provisioner_products') && each.includes(label));
  return Number(line?.split(' ').at(-1) ?? 0);
}
