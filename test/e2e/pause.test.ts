/** While a product, or the estate, is paused it is looked at and planned, and nothing is applied: on real parts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { type ApiCaller, createApiCaller } from '../support/api-caller.ts';
import { entriesOf, s3As } from '../support/s3-as.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

const adminKey = 'an-admin-key-of-this-test-0123456789';
let world: World;
let user: PortalUser;
let api: ApiCaller;
let provider: string;
let port: string;
let consumer: string;

beforeAll(async () => {
  world = await createWorld({ PROV_ADMIN_KEY: adminKey });
  user = new PortalUser(world.portal.url);
  api = await createApiCaller(world.daemon().url, { authorization: `Bearer ${adminKey}` });
  provider = await user.createProduct('Source', 'source');
  port = await user.createPort(provider, 'out');
  consumer = await user.createProduct('Reader', 'reader');
  await user.requestAccess(consumer, port);
  await user.decide(provider, port, consumer, 'approve');
  await reads(200);
});
afterAll(() => world?.[Symbol.asyncDispose]());

const env = () => eventually('.env', () => world.workspaceFile('reader', '.env'));
const readStatus = async () => s3As(world.store.endpoint, await env()).get('source/.keep');
const reads = (status: number) =>
  eventually(`${status} for the reader`, async () => (await readStatus()) === status);
const keyId = async () => entriesOf(await env()).S3_ACCESS_KEY;
/** The message of the condition that says what waits, once it names all of that. */
const waits = (product: string, ...actions: readonly string[]) =>
  eventually(`${actions.join(', ')} to wait`, async () => {
    const { conditions = [] } = (await api.call('get', `/products/${product}`)).json;
    const paused = conditions.find(({ reason }: { reason: string }) => reason === 'Paused');
    return actions.every((action) => paused?.message.includes(action));
  });

test('a revocation waits while the product is paused, and is applied when it goes on', async () => {
  await api.call('post', `/products/${consumer}/pause`);
  await waits(consumer, 'Nothing waits');
  const before = await keyId();
  await user.decide(provider, port, consumer, 'revoke');
  await waits(consumer, 'put the policy: own prefix, no inputs', 'issue an access key: its access changed');
  expect([await keyId(), await readStatus()]).toEqual([before, 200]);

  await api.call('post', `/products/${consumer}/resume`);
  await reads(403);
  await eventually('another key', async () => (await keyId()) !== before);
});

test('a rotation waits while the product is paused, and is applied when it goes on', async () => {
  await api.call('post', `/products/${consumer}/pause`);
  await waits(consumer, 'Nothing waits');
  const before = await keyId();
  await api.call('post', `/products/${consumer}/rotate`);
  await waits(consumer, 'issue an access key: asked for by');
  expect(await keyId()).toBe(before);
  await api.call('post', `/products/${consumer}/resume`);
  await eventually('another key', async () => (await keyId()) !== before);
});

test('while all are paused nothing is made and nothing is torn down; when they go on, both are', async () => {
  await api.call('post', '/pause');
  const fresh = await user.createProduct('Fresh', 'fresh');
  await user.delete(consumer);
  await waits(fresh, 'create the principal', 'write .env');
  await waits(consumer, 'delete policy and principal', 'move the workspace reader to the archive');
  expect(await world.workspaceFile('fresh', '.env')).toBeNull();
  expect(await s3As(world.store.endpoint, await env()).put('reader/still')).toBe(200);

  const text = await env();
  await api.call('post', '/resume');
  await eventually('the new home', () => world.workspaceFile('fresh', '.env'));
  await eventually('the end of the other', async () => !(await user.exists(consumer)));
  expect(await s3As(world.store.endpoint, text).put('reader/still')).toBe(403);
});
