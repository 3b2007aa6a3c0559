/** The secret of a key in a secret manager, and not in the workspace. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteUserPolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  DeleteSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import type { HomeName } from '../../src/model/home.ts';
import { statusAs } from '../stores/access.ts';
import { startKubernetes } from '../support/kubernetes.ts';
import { entriesOf } from '../support/s3-as.ts';
import { behindTls, makeAuthority } from '../support/tls.ts';
import { startVault } from '../support/vault.ts';
import { createWorld, eventually, startStore, type World } from '../support/world.ts';

interface Key {
  readonly id: string;
  readonly secret: string;
  readonly token: string | undefined;
  readonly expires: string | undefined;
}

/** A secret manager: the settings that lead there, and what lies in it. */
interface Manager extends AsyncDisposable {
  readonly settings: Readonly<Record<string, string>>;
  readonly reference: RegExp;
  read(home: string, product: string): Promise<Key | null>;
  /** As somebody else would, by hand. */
  remove(home: string, product: string): Promise<void>;
}

async function vault(): Promise<Manager> {
  const server = await startVault();
  const path = (home: string) => `kv/platform/products/${home}`;
  return {
    settings: {
      PROV_SECRET_SINK: 'vault',
      PROV_VAULT_MOUNT: 'kv',
      PROV_SECRET_PREFIX: 'platform/products',
      VAULT_ADDR: server.address,
      VAULT_ROLE_ID: server.role.id,
      VAULT_SECRET_ID: server.role.secret,
    },
    reference: /^vault:kv\/platform\/products\/product$/,
    read: async (home) => keyOf(server.entries.get(path(home))),
    remove: async (home) => void server.entries.delete(path(home)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function awsSecretsManager(): Promise<Manager> {
  const server = await startStore();
  // The SDK's usual chain: environment first.
  process.env.AWS_ACCESS_KEY_ID = server.accessKey;
  process.env.AWS_SECRET_ACCESS_KEY = server.secretKey;
  const client = new SecretsManagerClient({ endpoint: server.endpoint, region: 'us-east-1' });
  const SecretId = (home: string) => `data-products/${home}`;
  return {
    settings: { PROV_SECRET_SINK: 'aws-sm', PROV_AWS_SECRETS_ENDPOINT: server.endpoint },
    reference: /^aws-sm:data-products\/product$/,
    read: async (home) => {
      const answer = await client
        .send(new GetSecretValueCommand({ SecretId: SecretId(home) }))
        .catch(() => null);
      return answer === null ? null : keyOf(JSON.parse(answer.SecretString ?? '{}'));
    },
    remove: async (home) => {
      const command = new DeleteSecretCommand({ SecretId: SecretId(home), ForceDeleteWithoutRecovery: true });
      await client.send(command);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function kubernetes(): Promise<Manager> {
  const server = await startKubernetes();
  // As a pod finds it: a token, and beside it the authority of its cluster, which nothing else trusts.
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-token-'));
  await writeFile(join(folder, 'token'), `${server.token}\n`);
  const api = await behindTls(server.api, await makeAuthority(folder));
  const decoded = (data: Readonly<Record<string, string>> | undefined) =>
    data === undefined
      ? undefined
      : Object.fromEntries(
          Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64').toString()]),
        );
  return {
    settings: {
      PROV_SECRET_SINK: 'kubernetes',
      PROV_KUBERNETES_API: api.url,
      PROV_KUBERNETES_NAMESPACE: 'data-products',
      PROV_KUBERNETES_TOKEN_FILE: join(folder, 'token'),
    },
    reference: /^kubernetes:data-products\/dp-[0-9a-f-]{36}$/,
    read: async (_home, product) => keyOf(decoded(server.secrets.get(`data-products/dp-${product}`))),
    remove: async (_home, product) => void server.secrets.delete(`data-products/dp-${product}`),
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

function keyOf(fields: Readonly<Record<string, unknown>> | undefined): Key | null {
  if (fields === undefined) return null;
  const text = (name: string) => (fields[name] === undefined ? undefined : String(fields[name]));
  const { access_key: id, secret_key: secret } = fields;
  return {
    id: String(id),
    secret: String(secret),
    token: text('session_token'),
    expires: text('expires_at'),
  };
}

/** As somebody with rights of their own in the store. */
async function dropPolicy({ endpoint, ...store }: World['store'], product: string): Promise<void> {
  const credentials = { accessKeyId: store.accessKey, secretAccessKey: store.secretKey };
  const iam = new IAMClient({ endpoint, region: 'us-east-1', credentials });
  await iam.send(new DeleteUserPolicyCommand({ UserName: `dp-${product}`, PolicyName: 'data-product' }));
  iam.destroy();
}

const managers = [
  ['Vault', vault],
  ['AWS Secrets Manager', awsSecretsManager],
  ['Kubernetes', kubernetes],
] as const;

test.each(managers)(
  'in %s: made, kept out of the workspace, proven again under a policy that was put right, made anew when lost or pasted into a notebook, gone with the product',
  async (_name, start) => {
    await using manager = await start();
    await using world = await createWorld({ ...manager.settings, PROV_DRIFT_INTERVAL: '1s' });
    const user = new PortalUser(world.portal.url);
    const product = await user.createProduct('Product', 'product');
    const home = 'product' as HomeName;
    const works = async (key: Key) =>
      (await statusAs(world.store.endpoint, 'data-products', key).put(home)) === 200;

    const first = await eventually('the secret', () => manager.read('product', product));
    expect(await works(first)).toBe(true);
    const env = await eventually('.env', () => world.workspaceFile('product', '.env'));
    expect(entriesOf(env)).toMatchObject({ S3_SECRET_REF: expect.stringMatching(manager.reference) });
    expect(env).toMatch(/^# The secret: (vault kv get|aws secretsmanager|kubectl) /m);
    expect(env).not.toContain(first.secret);
    expect(world.lines.filter((line) => line.includes(first.secret))).toEqual([]);

    await dropPolicy(world.store, product);
    const again = `prove access key ${first.id}, whose policy was changed`;
    await eventually('a proof', () => world.lines.some((line) => line.includes(again)));
    expect(await works(first)).toBe(true);

    await manager.remove('product', product);
    const second = await eventually('another one', () => manager.read('product', product));
    expect(second.id).not.toBe(first.id);
    expect(await works(second)).toBe(true);

    const notebook = join(world.folder, 'products/product/eda.ipynb');
    await writeFile(notebook, JSON.stringify({ source: second.secret }), { mode: 0o644 });
    const third = await eventually('a third', async () => {
      const key = await manager.read('product', product);
      return key?.id === second.id ? null : key;
    });
    expect(await works(third)).toBe(true);

    await user.delete(product);
    await eventually('its end', async () => !(await user.exists(product)));
    expect(await manager.read('product', product)).toBeNull();
    expect(await works(third)).toBe(false);
  },
);

test.each(managers)(
  'in %s: sessions with their token and their end, made anew when lost, and lasting keys before and after them',
  async (_name, start) => {
    await using manager = await start();
    await using world = await createWorld({ ...manager.settings, PROV_DRIFT_INTERVAL: '1s' });
    const user = new PortalUser(world.portal.url);
    const product = await user.createProduct('Product', 'product');
    const held = (what: string, wanted: (key: Key) => boolean) =>
      eventually(what, async () => {
        const key = await manager.read('product', product);
        return key !== null && wanted(key) ? key : null;
      });
    const works = async (key: Key) =>
      (await statusAs(world.store.endpoint, 'data-products', key).put('product' as HomeName)) === 200;
    const lasting = await held('a lasting key', () => true);
    expect(lasting).toMatchObject({ token: undefined, expires: undefined });

    await world.restart({ PROV_CREDENTIALS: 'sessions', PROV_SESSION_LIFETIME: '15m' });
    const first = await held('a session', ({ token }) => token !== undefined);
    expect(await works(first)).toBe(true);
    expect(await works({ ...first, token: undefined })).toBe(false);
    expect(Date.parse(first.expires ?? '') - Date.now()).toBeGreaterThan(13 * 60_000);
    const env = await eventually('.env', () => world.workspaceFile('product', '.env'));
    for (const secret of [first.secret, first.token ?? '']) {
      expect(env).not.toContain(secret);
      expect(world.lines.filter((line) => line.includes(secret))).toEqual([]);
    }

    await manager.remove('product', product);
    const second = await held('another session', ({ id }) => id !== first.id);
    expect(await works(second)).toBe(true);

    await world.restart();
    const back = await held('a lasting key again', ({ id }) => id !== second.id);
    expect(back).toMatchObject({ token: undefined, expires: undefined });
    expect(await works(back)).toBe(true);
  },
);

test('a workspace moves to a secret manager with a new key, keeps it when our books are lost, and moves back: nothing of the other time stays', async () => {
  await using manager = await vault();
  await using world = await createWorld();
  const user = new PortalUser(world.portal.url);
  const product = await user.createProduct('Product', 'product');
  const before = entriesOf(await eventually('.env', () => world.workspaceFile('product', '.env')));

  await world.restart(manager.settings);
  const moved = await eventually('the secret', () => manager.read('product', product));
  const env = await eventually('the reference', async () => {
    const text = await world.workspaceFile('product', '.env');
    return text?.includes('S3_SECRET_REF=') === true ? text : null;
  });
  expect(moved.id).not.toBe(before.S3_ACCESS_KEY);
  expect(env).not.toContain(before.S3_SECRET_KEY);
  expect(env).not.toContain(moved.secret);

  await world.daemon()[Symbol.asyncDispose]();
  await rm(String(world.environment.PROV_DATABASE_URL), { recursive: true });
  await world.restart(manager.settings);
  const recognised = `recognise access key ${moved.id}`;
  await eventually('its key', () => world.lines.some((line) => line.includes(recognised)));
  expect((await manager.read('product', product))?.id).toBe(moved.id);

  await world.restart();
  const back = await eventually('the secret in .env', async () => {
    const entries = entriesOf((await world.workspaceFile('product', '.env')) ?? '');
    return entries.S3_SECRET_KEY === undefined ? null : entries;
  });
  expect(back).not.toHaveProperty('S3_SECRET_REF');
  expect(back.S3_ACCESS_KEY).not.toBe(moved.id);
});
