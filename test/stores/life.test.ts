/** The whole life of two products, through the portal's webhooks, on every kind of store. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import { principalNameOf } from '../../src/identity/issuer.ts';
import { ProductId } from '../../src/model/ids.ts';
import { s3As } from '../support/s3-as.ts';
import { createWorldOn, eventually } from '../support/world.ts';
import { servers } from './servers.ts';

const Health = z.object({ dependencies: z.object({ identity: z.unknown() }) });

test.each(servers)('on %s: home, access, its end, and the end of both', async (_name, start) => {
  await using world = await createWorldOn(start, { PROV_KEY_GRACE: '1s', PROV_BRAKE_MINIMUM: '1000' });
  const { endpoint, iamEndpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = world.store;
  const user = new PortalUser(world.portal.url);
  const env = (home: string, wanted: (text: string) => boolean) =>
    eventually(`the expected .env of ${home}`, async () => {
      const text = await world.workspaceFile(home, '.env');
      return text !== null && wanted(text) ? text : null;
    });
  const wired = '/producer/output/';

  const producer = await user.createProduct('Producer', 'producer');
  const consumer = await user.createProduct('Consumer', 'consumer');
  const port = await user.createPort(producer, 'port');
  const own = s3As(endpoint, await env('producer', () => true));
  expect(await own.put('producer/output/orders/part.parquet')).toBe(200);
  const before = s3As(endpoint, await env('consumer', () => true));
  expect(await before.get('producer/.keep')).toBe(403);

  await user.requestAccess(consumer, port);
  await user.decide(producer, port, consumer, 'approve');
  const granted = s3As(endpoint, await env('consumer', (text) => text.includes(wired)));
  expect(await granted.get('producer/.keep')).toBe(200);
  expect(await granted.list('producer/')).toBe(200);
  expect(await granted.put('producer/output/orders/part.parquet')).toBe(403);
  await eventually('the end of the key before', async () => (await before.put('consumer/x')) === 403);

  await user.decide(producer, port, consumer, 'revoke');
  const after = s3As(endpoint, await env('consumer', (text) => !text.includes(wired)));
  expect(await after.get('producer/.keep')).toBe(403);
  expect(await after.put('consumer/x')).toBe(200);
  await eventually('the end of the access', async () => (await granted.get('producer/.keep')) === 403);

  const find = issuerFinder({
    api: 'auto',
    endpoint,
    iamEndpoint,
    region: 'us-east-1',
    accessKeyId,
    secretAccessKey,
    onFound: () => undefined,
  });
  const issuer = await find();
  for (const product of [producer, consumer]) {
    await user.delete(product);
    await eventually('its end', async () => !(await user.exists(product)));
    const principal = principalNameOf(ProductId.parse(product));
    const left = await issuer.observe(principal, { booked: [], thorough: true });
    expect(left).toEqual({ exists: false, policy: null, keys: [] });
  }
  expect(await after.put('consumer/x')).toBe(403);
  const answer = await fetch(`${world.daemon().url}/health`);
  const { dependencies } = Health.parse(await answer.json());
  const { store, credentials, limits } = issuer.kind;
  expect(dependencies.identity).toMatchObject({ ok: true, facts: { store, credentials, limits } });
});
