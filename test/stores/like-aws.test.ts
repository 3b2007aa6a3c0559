/** Where a store says "refused" of what is not there, as AWS does. */
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { s3As } from '../support/s3-as.ts';
import { hideMissing } from '../support/stores/like-aws.ts';
import { createWorldOn, eventually, startStore } from '../support/world.ts';
import { objectsBelow } from './access.ts';

test('a producer that deleted its marker keeps nobody from access: it is put back before the proof', async () => {
  await using world = await createWorldOn(async () => hideMissing(await startStore()), {
    PROV_PROOF_TIMEOUT: '2s',
  });
  const user = new PortalUser(world.portal.url);
  const env = (home: string, word: string) =>
    eventually(`${word} in the .env of ${home}`, async () => {
      const text = await world.workspaceFile(home, '.env');
      return text?.includes(word) === true ? text : null;
    });
  const producer = await user.createProduct('Producer', 'producer');
  const consumer = await user.createProduct('Consumer', 'consumer');
  const port = await user.createPort(producer, 'port');
  await env('consumer', 'S3_SECRET_KEY');
  const own = s3As(world.store.endpoint, await env('producer', 'S3_SECRET_KEY'));
  expect(await own.remove('producer/.keep')).toBe(204);
  expect(await own.get('producer/.keep')).toBe(403);
  await user.requestAccess(consumer, port);
  await user.decide(producer, port, consumer, 'approve');
  const granted = s3As(world.store.endpoint, await env('consumer', '/producer/output/'));
  expect(await granted.get('producer/.keep')).toBe(200);
  const server = { ...world.store, name: 'MiniStack' };
  expect(await objectsBelow(server, 'provisioner-canary/')).toEqual(['provisioner-canary/.keep']);
});
