/** What the operator can decide, and the portal generation that sends v2 only. */
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { entriesOf, s3As } from '../support/s3-as.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

async function pair(world: World) {
  const user = new PortalUser(world.portal.url);
  const producer = await user.createProduct('Producer', 'producer');
  const consumer = await user.createProduct('Consumer', 'consumer');
  const port = await user.createPort(producer, 'port');
  await envOf(world, 'producer');
  const before = await envOf(world, 'consumer');
  return { user, producer, consumer, port, before };
}

const envOf = (world: World, home: string) =>
  eventually(`.env of ${home}`, () => world.workspaceFile(home, '.env'));
const wired = (world: World) =>
  eventually('the wired input', async () => {
    const text = await world.workspaceFile('consumer', '.env');
    return text?.includes('/producer/output/') === true ? text : null;
  });

test('a portal that sends v2 only gets the same: home, access, end', async () => {
  await using world = await createWorld({}, { generation: 'main' });
  const { user, producer, consumer, port } = await pair(world);
  await user.requestAccess(consumer, port);
  await user.decide(producer, port, consumer, 'approve');
  const granted = await wired(world);
  expect(await s3As(world.store.endpoint, granted).get('producer/.keep')).toBe(200);
  await user.delete(producer);
  await eventually('its end', async () => !(await user.exists(producer)));
  const closed = async () => (await s3As(world.store.endpoint, granted).get('producer/.keep')) === 403;
  await eventually('the end of the consumer’s access', closed);
});

test('without rotation an approval changes the policy and keeps the key', async () => {
  await using world = await createWorld({ PROV_ROTATE_ON_ACCESS_CHANGE: 'false' });
  const { user, producer, consumer, port, before } = await pair(world);
  await user.requestAccess(consumer, port);
  await user.decide(producer, port, consumer, 'approve');
  const granted = await wired(world);
  expect(entriesOf(granted).S3_ACCESS_KEY).toBe(entriesOf(before).S3_ACCESS_KEY);
  expect(await s3As(world.store.endpoint, granted).get('producer/.keep')).toBe(200);
});

test('the old key ends with its grace', async () => {
  await using world = await createWorld({ PROV_KEY_GRACE: '2s' });
  const { user, producer, consumer, port, before } = await pair(world);
  await user.requestAccess(consumer, port);
  await user.decide(producer, port, consumer, 'approve');
  const granted = await wired(world);
  await eventually(
    'the end of the old key',
    async () => (await s3As(world.store.endpoint, before).put('consumer/x')) === 403,
  );
  expect(await s3As(world.store.endpoint, granted).put('consumer/x')).toBe(200);
});

test('purging takes the data of a deleted product and frees its name', async () => {
  await using world = await createWorld({ PROV_ON_DELETE: 'purge' });
  const { user, producer } = await pair(world);
  const key = await envOf(world, 'producer');
  await s3As(world.store.endpoint, key).put('producer/output/data.parquet');
  await user.delete(producer);
  await eventually('its end', async () => !(await user.exists(producer)));
  await user.createProduct('Heir', 'producer');
  const heir = s3As(world.store.endpoint, await envOf(world, 'producer'));
  expect(await heir.get('producer/output/data.parquet')).toBe(404);
});
