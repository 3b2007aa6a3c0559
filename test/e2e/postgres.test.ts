/** The same on a PostgreSQL server. */
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { startPostgres } from '../support/postgres.ts';
import { s3As } from '../support/s3-as.ts';
import { createWorld, eventually } from '../support/world.ts';

test('home, access, restart and end of a product on a PostgreSQL server', async () => {
  await using server = await startPostgres();
  await using world = await createWorld({ PROV_DATABASE_URL: server.url });
  const user = new PortalUser(world.portal.url);
  const producer = await user.createProduct('Producer', 'producer');
  const consumer = await user.createProduct('Consumer', 'consumer');
  const port = await user.createPort(producer, 'port');
  for (const home of ['producer', 'consumer'])
    await eventually(`.env of ${home}`, () => world.workspaceFile(home, '.env'));
  await user.requestAccess(consumer, port);
  await user.decide(producer, port, consumer, 'approve');
  const granted = await eventually('the wired input', async () => {
    const text = await world.workspaceFile('consumer', '.env');
    return text?.includes('/producer/output/') === true ? text : null;
  });
  expect(await s3As(world.store.endpoint, granted).get('producer/.keep')).toBe(200);
  await world.restart();
  await user.delete(producer);
  await eventually('its end', async () => !(await user.exists(producer)));
  const closed = async () => (await s3As(world.store.endpoint, granted).get('producer/.keep')) === 403;
  await eventually('the end of the consumer’s access', closed);
});
