/** Settings that are named instead of given. */
import dns from 'node:dns';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadEnvironment } from '../../../src/config/env.ts';
import { startVault } from '../../support/vault.ts';
import { startStore } from '../../support/world.ts';

const settings = {
  PROV_DPP_API_URL: 'http://portal:8080',
  S3_ENDPOINT: 'http://rustfs:9000',
  S3_ACCESS_KEY: 'admin',
  S3_SECRET_KEY: 'given-as-it-is',
  WEBHOOK_SECRET: 'given-as-it-is',
};
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioner-references-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

/** The name leads to this machine, until it is disposed. */
function resolving(name: string): Disposable {
  const { lookup } = dns;
  const here: unknown = (asked: string, ...rest: [never, never]) =>
    lookup(asked === name ? '127.0.0.1' : asked, ...rest);
  dns.lookup = here as typeof lookup;
  return {
    [Symbol.dispose]: () => {
      dns.lookup = lookup;
    },
  };
}

/** The message with every fault. */
async function faultsOf(env: Record<string, string>): Promise<string> {
  return loadEnvironment({ ...settings, ...env }).then(
    () => 'no fault',
    (error: Error) => error.message,
  );
}

describe('a file', () => {
  test('holds the value, but for the newline at its end', async () => {
    const { S3_SECRET_KEY: _, ...others } = settings;
    const env = { ...others, S3_SECRET_KEY_FILE: await file('secret', 'from a file \n') };
    expect((await loadEnvironment(env)).S3_SECRET_KEY).toBe('from a file ');
  });

  test('may hold several webhook secrets, as the variable may', async () => {
    const { WEBHOOK_SECRET: _, ...others } = settings;
    const env = { ...others, WEBHOOK_SECRET_FILE: await file('webhook', 'the-old-one,the-new-one\n') };
    expect((await loadEnvironment(env)).WEBHOOK_SECRET).toEqual(['the-old-one', 'the-new-one']);
  });

  test('beside the value is a fault, and so is one that is not there; both are told with the others', async () => {
    const message = await faultsOf({
      S3_SECRET_KEY_FILE: await file('double', 'x'),
      PORTAL_API_KEY_FILE: join(folder, 'nowhere'),
      PROV_PORT: 'many',
    });
    expect(message).toMatch(/3 settings/);
    expect(message).toMatch(/S3_SECRET_KEY_FILE .*given beside S3_SECRET_KEY/);
    expect(message).toMatch(/PORTAL_API_KEY_FILE .*can not be read \(ENOENT\)/);
    expect(message).toMatch(/PROV_PORT/);
  });

  test('that is missing for a required setting is one fault, not two', async () => {
    const { S3_SECRET_KEY: _, ...others } = settings;
    const error = await loadEnvironment({ ...others, S3_SECRET_KEY_FILE: '/nowhere' }).catch(
      (each: Error) => each,
    );
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^One setting is/),
    });
  });
});

describe('a reference to Vault', () => {
  test('is resolved with a token, itself from a file', async () => {
    await using vault = await startVault();
    vault.entries.set('secret/platform/store', { key: 'from-vault' });
    const env = await loadEnvironment({
      ...settings,
      S3_SECRET_KEY: 'vault:secret/platform/store#key',
      VAULT_ADDR: vault.address,
      VAULT_TOKEN_FILE: await file('token', `${vault.token}\n`),
    });
    expect(env.S3_SECRET_KEY).toBe('from-vault');
  });

  test('is not asked for in the clear outside the local network: no token leaves', async () => {
    await using vault = await startVault();
    vault.entries.set('secret/platform/store', { key: 'from-vault' });
    using _ = resolving('vault.example.com');
    const settingsFor = {
      S3_SECRET_KEY: 'vault:secret/platform/store#key',
      VAULT_ADDR: vault.address.replace('127.0.0.1', 'vault.example.com'),
      VAULT_TOKEN: vault.token,
    };
    expect(await faultsOf(settingsFor)).toMatch(/S3_SECRET_KEY .*VAULT_ADDR is http:\/\/ to a host/);
    expect(vault.asked).toBe(0);
    expect(await faultsOf({ ...settingsFor, PROV_ALLOW_HTTP: 'yes' })).toBe('no fault');
    expect(vault.asked).toBe(1);
  });

  test('is resolved with an AppRole, in a namespace', async () => {
    await using vault = await startVault('platform');
    vault.entries.set('kv/portal', { 'webhook secret': 'the-first,the-second' });
    const env = await loadEnvironment({
      ...settings,
      WEBHOOK_SECRET: 'vault:kv/portal#webhook secret',
      VAULT_ADDR: vault.address,
      VAULT_NAMESPACE: 'platform',
      VAULT_ROLE_ID: vault.role.id,
      VAULT_SECRET_ID: vault.role.secret,
    });
    expect(env.WEBHOOK_SECRET).toEqual(['the-first', 'the-second']);
  });

  test('that leads nowhere is a fault that says where it broke, without a secret', async () => {
    await using vault = await startVault();
    vault.entries.set('secret/there', { other: 'hidden-value' });
    const access = { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.token };
    expect(await faultsOf({ ...access, S3_SECRET_KEY: 'vault:secret/gone#key' })).toMatch(
      /no entry secret\/gone/,
    );
    expect(await faultsOf({ ...access, S3_SECRET_KEY: 'vault:secret/there#key' })).toMatch(
      /no text in the field "key"/,
    );
    expect(await faultsOf({ ...access, S3_SECRET_KEY: 'vault:secret' })).toMatch(
      /vault:<mount>\/<path>#<field>/,
    );
    expect(await faultsOf({ S3_SECRET_KEY: 'vault:secret/there#other' })).toMatch(/VAULT_ADDR/);
    const refused = await faultsOf({
      ...access,
      VAULT_TOKEN: 'hvs.wrong',
      S3_SECRET_KEY: 'vault:secret/there#other',
    });
    expect(refused).toMatch(/permission denied/);
    expect(refused).not.toMatch(/hvs\.wrong|hidden-value/);
    const away = { ...access, VAULT_ADDR: 'http://127.0.0.1:9', S3_SECRET_KEY: 'vault:secret/there#other' };
    expect(await faultsOf(away)).toMatch(/did not answer/);
  });
});

describe('a reference to AWS Secrets Manager', () => {
  test('is the whole secret, or a field of it; one that is not there is a fault', async () => {
    await using store = await startStore();
    const region = 'us-east-1';
    // The SDK's usual chain: environment first.
    process.env.AWS_ACCESS_KEY_ID = store.accessKey;
    process.env.AWS_SECRET_ACCESS_KEY = store.secretKey;
    const client = new SecretsManagerClient({ endpoint: store.endpoint, region });
    await client.send(new CreateSecretCommand({ Name: 'plain', SecretString: 'whole-secret' }));
    await client.send(new CreateSecretCommand({ Name: 'store', SecretString: '{"secret":"one-field"}' }));
    const there = { PROV_AWS_SECRETS_ENDPOINT: store.endpoint, S3_REGION: region };
    const env = await loadEnvironment({
      ...settings,
      ...there,
      S3_SECRET_KEY: 'aws-sm:store#secret',
      WEBHOOK_SECRET: 'aws-sm:plain',
    });
    expect(env).toMatchObject({ S3_SECRET_KEY: 'one-field', WEBHOOK_SECRET: ['whole-secret'] });
    expect(await faultsOf({ ...there, S3_SECRET_KEY: 'aws-sm:nowhere' })).toMatch(
      /S3_SECRET_KEY .*can not be resolved/,
    );
    expect(await faultsOf({ ...there, S3_SECRET_KEY: 'aws-sm:plain#field' })).toMatch(/no JSON object/);
  });
});
