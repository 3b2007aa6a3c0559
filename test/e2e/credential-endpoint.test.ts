/** No secret in the workspace: the AWS SDK fetches a session by itself, with the token that lies there. */
import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { freePort } from '../../demo/store/free-port.ts';
import type { HomeName } from '../../src/model/home.ts';
import { statusAs } from '../stores/access.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { isIdle } from '../support/idle.ts';
import { entriesOf } from '../support/s3-as.ts';
import { startMinio } from '../support/stores/minio.ts';
import { createWorldOn, eventually } from '../support/world.ts';

const run = promisify(execFile);

/** What the endpoint says: a session, or why there is none. */
const Answer = z.object({
  AccessKeyId: z.string().optional(),
  SecretAccessKey: z.string().optional(),
  Token: z.string().optional(),
  message: z.string().optional(),
});
type Answer = z.infer<typeof Answer>;

/** What somebody in the editor would run: the SDK with its usual chain, and nothing but `.env`. */
const script = `
  import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
  const client = new S3Client({ forcePathStyle: true });
  const get = (Key) => client.send(new GetObjectCommand({ Bucket: process.env.S3_BUCKET, Key })).then(
    () => 200, (error) => error.$metadata?.httpStatusCode ?? error.name);
  console.log(JSON.stringify(await Promise.all(process.argv.slice(1).map(get))));
  process.exit(0);
`;

async function readWithSdk(env: Readonly<Record<string, string>>, keys: readonly string[]): Promise<unknown> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script, ...keys], {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true', ...env },
  });
  return JSON.parse(stdout);
}

test('a workspace holds a token, which the SDK changes for sessions, and which ends with the product', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await using world = await createWorldOn(startMinio, {
    PROV_CREDENTIALS: 'sessions',
    PROV_CREDENTIALS_URL: url,
    PROV_PORT: String(port),
    PROV_DRIFT_INTERVAL: '1s',
    PROV_BRAKE_MINIMUM: '1000',
  });
  // The folder is made by the world: the workspaces are where the daemon put them.
  await world.restart({ PROV_WORKSPACE_MOUNT: join(world.folder, 'products') });
  const user = new PortalUser(world.portal.url);
  const producer = await user.createProduct('Producer', 'producer');
  const consumer = await user.createProduct('Consumer', 'consumer');
  const port1 = await user.createPort(producer, 'port');
  const env = async (home: string, wanted = '') =>
    entriesOf(
      await eventually(`the expected .env of ${home}`, async () => {
        const text = await world.workspaceFile(home, '.env');
        return text?.includes(wanted) === true ? text : null;
      }),
    );
  await env('producer');
  const before = await env('consumer');
  expect(Object.keys(before).filter((name) => /SECRET|SESSION|ACCESS_KEY/.test(name))).toEqual([]);
  const tokenPath = before.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE ?? '';
  expect((await stat(tokenPath)).mode & 0o777).toBe(0o600);
  expect(await readWithSdk(before, ['consumer/.keep', 'producer/.keep'])).toEqual([200, 403]);

  await user.requestAccess(consumer, port1);
  await user.decide(producer, port1, consumer, 'approve');
  const granted = await env('consumer', '/producer/output/');
  expect(await readWithSdk(granted, ['consumer/.keep', 'producer/.keep'])).toEqual([200, 200]);

  const address = granted.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '';
  const token = (await world.workspaceFile('consumer', '.credentials-token')) ?? '';
  const ask = async (authorization: string, from = address) =>
    (await fetch(from, { headers: { authorization } })).status;
  expect(await ask(token)).toBe(200);
  expect([await ask('wrong'), await ask('')]).toEqual([401, 401]);
  expect(await ask(token, (await env('producer')).AWS_CONTAINER_CREDENTIALS_FULL_URI)).toBe(401);
  expect(await ask(token, `${url}/credentials/${crypto.randomUUID()}`)).toBe(401);
  expect(await ask(token, `${url}/credentials/..%2F..%2Fhealth`)).toBe(401);
  expect(world.lines.filter((line) => line.includes(token))).toEqual([]);

  await user.delete(consumer);
  await eventually('its end', async () => !(await user.exists(consumer)));
  expect(await ask(token)).toBe(401);
});

test('a token that was lost or changed is made anew, and the old one opens nothing', async () => {
  const port = await freePort();
  await using world = await createWorldOn(startMinio, {
    PROV_CREDENTIALS: 'sessions',
    PROV_CREDENTIALS_URL: `http://127.0.0.1:${port}`,
    PROV_PORT: String(port),
    PROV_DRIFT_INTERVAL: '1s',
  });
  const user = new PortalUser(world.portal.url);
  await user.createProduct('Product', 'product');
  const read = () => world.workspaceFile('product', '.credentials-token');
  const first = await eventually('a token', read);
  const env = entriesOf(await eventually('.env', () => world.workspaceFile('product', '.env')));
  const ask = async (authorization: string) =>
    (await fetch(env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '', { headers: { authorization } })).status;
  // The `.env` is there a moment before its session is the one in use.
  await eventually('the end of its run', () => isIdle(world));
  expect(await ask(first)).toBe(200);
  await writeFile(join(world.folder, 'products/product/.credentials-token'), 'changed by hand');
  const second = await eventually('another token', async () => {
    const text = await read();
    return text === null || text === 'changed by hand' ? null : text;
  });
  await eventually('it to open', async () => (await ask(second)) === 200);
  expect(await ask(first)).toBe(401);
});

/** What the daemon asks of the store can be made to fail. */
async function startBehindProxy() {
  await using started = new AsyncDisposableStack();
  const store = started.use(await startMinio());
  const proxy = started.use(await startFaultProxy(store.endpoint));
  const parts = started.move();
  return { ...store, endpoint: proxy.url, proxy, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

test('an order for another key ends token and sessions; a pause and a proof that failed give none', async () => {
  const port = await freePort();
  await using world = await createWorldOn(startBehindProxy, {
    PROV_CREDENTIALS: 'sessions',
    PROV_CREDENTIALS_URL: `http://127.0.0.1:${port}`,
    PROV_PORT: String(port),
    PROV_KEY_GRACE: '1s',
  });
  const product = await new PortalUser(world.portal.url).createProduct('Product', 'product');
  const tokenIn = () => world.workspaceFile('product', '.credentials-token');
  const order = (what: string) =>
    fetch(`${world.daemon().url}/api/v1/products/${product}/${what}`, { method: 'POST' });
  const ask = async (authorization: string) => {
    const answer = await fetch(`${world.daemon().url}/credentials/${product}`, {
      headers: { authorization },
    });
    return { status: answer.status, body: Answer.parse(await answer.json()) };
  };
  const given = (authorization: string) =>
    eventually('a session', async () => {
      const { status, body } = await ask(authorization);
      return status === 200 ? body : null;
    });
  const opens = async ({ AccessKeyId: id = '', SecretAccessKey: secret = '', Token: token }: Answer) =>
    (await statusAs(world.store.endpoint, 'data-products', { id, secret, token }).put(
      'product' as HomeName,
    )) === 200;

  const first = await eventually('a token', tokenIn);
  const session = await given(first);
  expect(await opens(session)).toBe(true);
  expect(await given(first)).toEqual(session);
  await order('rotate');
  const second = await eventually('another token', async () => {
    const token = await tokenIn();
    return token === first ? null : token;
  });
  await eventually('the end of the first token', async () => (await ask(first)).status === 401);
  await eventually('the end of its session', async () => !(await opens(session)));
  const next = await given(second);
  expect(await opens(next)).toBe(true);

  await order('pause');
  expect(await ask(second)).toMatchObject({
    status: 403,
    body: { message: expect.stringContaining('paused by') },
  });
  await order('resume');
  expect(await given(second)).toEqual(next);

  // A store that grants less than the policy says: a proof is all that lists one object.
  world.store.proxy.fail(({ path }) =>
    path.includes('max-keys=1') ? { kind: 'answer', status: 403 } : null,
  );
  await world.restart({ PROV_PROOF_TIMEOUT: '1s' });
  await order('rotate');
  await eventually('a refusal', async () => {
    const { status, body } = await ask(second);
    return status === 403 && body.message?.includes('ProofFailed');
  });
  world.store.proxy.fail(null);
  const third = await eventually('a third token', async () => {
    const token = await tokenIn();
    return token === second ? null : token;
  });
  expect(await opens(await given(third))).toBe(true);

  await world.restart({ PROV_OBSERVE_ONLY: 'true' });
  expect(await ask(third)).toMatchObject({
    status: 403,
    body: { message: expect.stringContaining('PROV_OBSERVE_ONLY') },
  });
});
