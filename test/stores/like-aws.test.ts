/** What AWS does and the servers of these tests do not: it throttles, takes its time, and hides what is not there. */
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { exactInventory } from '../support/inventory.ts';
import { entriesOf, s3As } from '../support/s3-as.ts';
import { type AwsWays, behaveLikeAws } from '../support/stores/like-aws.ts';
import { createWorldOn, eventually, startStore } from '../support/world.ts';
import { objectsBelow } from './access.ts';

async function createAwsWorld(ways?: AwsWays, changes: Readonly<Record<string, string>> = {}) {
  const world = await createWorldOn(async () => behaveLikeAws(await startStore(), ways), {
    PROV_KEY_GRACE: '1s',
    ...changes,
  });
  const user = new PortalUser(world.portal.url);
  const env = (home: string, wanted: (text: string) => boolean) =>
    eventually(`the expected .env of ${home}`, async () => {
      const text = await world.workspaceFile(home, '.env');
      return text !== null && wanted(text) ? text : null;
    });
  const as = (text: string) => s3As(world.store.endpoint, text);
  return { world, user, env, as };
}

const wired = (text: string) => text.includes('/producer/output/');

test('a producer that deleted its marker keeps nobody from access: it is put back before the proof', async () => {
  const { world, user, env, as } = await createAwsWorld(undefined, { PROV_PROOF_TIMEOUT: '2s' });
  await using _ = world;
  const producer = await user.createProduct('Producer', 'producer');
  const consumer = await user.createProduct('Consumer', 'consumer');
  const port = await user.createPort(producer, 'port');
  await env('consumer', () => true);
  const own = as(await env('producer', () => true));
  expect(await own.remove('producer/.keep')).toBe(204);
  expect(await own.get('producer/.keep')).toBe(403);
  await user.requestAccess(consumer, port);
  await user.decide(producer, port, consumer, 'approve');
  expect(await as(await env('consumer', wired)).get('producer/.keep')).toBe(200);
  const server = { ...world.store, name: 'MiniStack' };
  expect(await objectsBelow(server, 'provisioner-canary/')).toEqual(['provisioner-canary/.keep']);
});

test('who is told that access came, or went, finds it so, with a new key or the old one, however long the store takes', async () => {
  const { world, user, env, as } = await createAwsWorld({ spreadMs: 600, throttled: 7 });
  await using _ = world;
  const producer = await user.createProduct('Producer', 'producer');
  const consumer = await user.createProduct('Consumer', 'consumer');
  for (const home of ['producer', 'consumer'])
    expect(await as(await env(home, () => true)).put(`${home}/x`)).toBe(200);
  const keys = new Set<string | undefined>();
  const comeAndGo = async () => {
    const port = await user.createPort(producer, `port-${keys.size}`);
    await user.requestAccess(consumer, port);
    await user.decide(producer, port, consumer, 'approve');
    const during = await env('consumer', wired);
    expect(await as(during).get('producer/.keep')).toBe(200);
    await user.decide(producer, port, consumer, 'revoke');
    const after = await env('consumer', (text) => !wired(text));
    expect(await as(after).get('producer/.keep')).toBe(403);
    expect(await as(after).put('consumer/x')).toBe(200);
    for (const text of [during, after]) keys.add(entriesOf(text).S3_ACCESS_KEY);
  };
  await comeAndGo();
  expect(keys.size).toBe(2);
  await world.restart({ PROV_ROTATE_ON_ACCESS_CHANGE: 'false' });
  await comeAndGo();
  expect(keys.size).toBe(2);
  await user.delete(consumer);
  await eventually('its end', async () => !(await user.exists(consumer)));
  await exactInventory(world, ['producer']);
  // Nothing of it is taken for a refusal that a person has to look at.
  expect(world.lines.filter((line) => /STORE_DENIED|STORE_REJECTED|PROOF_FAILED/.test(line))).toEqual([]);
});
