/** What the platform file takes from a secret manager, over time. */
import { expect, test } from 'vitest';
import { PlatformValues } from '../../../src/compose/platform-values.ts';
import { startVault } from '../../support/vault.ts';

const env = { TRINO_HOST: 'trino', TRINO_PASSWORD: { secret_ref: 'vault:secret/trino#password' } };
const token = { secret_ref: 'vault:secret/git#token' };
const remote = { url: 'https://git.example.com/{home}.git', token, user: 'git', branch: 'main' };

async function aVault() {
  const vault = await startVault();
  vault.entries.set('secret/trino', { password: 'first-password' });
  vault.entries.set('secret/git', { token: 'first-token' });
  return { vault, servers: { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.token } };
}

test('a secret that was replaced is the one that is used from then on', async () => {
  const { vault, servers } = await aVault();
  await using _vault = vault;
  const values = await PlatformValues.read(servers, { env, remote });
  expect(values.workspaceEnv).toEqual({ TRINO_HOST: 'trino', TRINO_PASSWORD: 'first-password' });
  expect(await values.refresh()).toBe(false);
  vault.entries.set('secret/trino', { password: 'second-password' });
  vault.entries.set('secret/git', { token: 'second-token' });
  expect(await values.refresh()).toBe(true);
  expect(values.workspaceEnv.TRINO_PASSWORD).toBe('second-password');
  expect(values.remote?.login?.secrets).toContain('second-token');
  expect(values.secrets).toEqual(expect.arrayContaining(['second-password', 'second-token']));
});

test('what was had stays while it can not be asked for, and when .env could not hold the new one', async () => {
  const { vault, servers } = await aVault();
  await using _vault = vault;
  const values = await PlatformValues.read(servers, { env, remote });
  vault.entries.set('secret/trino', { password: 'it is $new' });
  await expect(values.refresh()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/^(?=.*TRINO_PASSWORD)(?!.*\$new)/),
  });
  vault.entries.delete('secret/trino');
  await expect(values.refresh()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(values.workspaceEnv.TRINO_PASSWORD).toBe('first-password');
});
