/** Histories of workspaces that the daemon pushes to the platform's git server. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { loginOf } from '../../src/workspace/push.ts';
import { startGitServer } from '../support/git-server.ts';
import { filesHolding, Needles, tablesHolding } from '../support/leaks.ts';
import { startVault } from '../support/vault.ts';
import { createWorld, eventually } from '../support/world.ts';

const token = 'a-token-of-the-platform-team';

const passwords = ['the-first-password-of-trino', 'the-second-password-of-trino'] as const;

const git = (folder: string, ...words: string[]) =>
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...words], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();

test('a history is pushed with the platform’s token, and its secrets are followed; what stands in the way is told and fails nothing', async () => {
  await using world = await createWorld();
  await using vault = await startVault();
  const root = join(world.folder, 'remotes');
  await mkdir(root);
  await using server = await startGitServer(root, loginOf('git', token).authorization);
  vault.entries.set('secret/git', { token });
  const platform = join(world.folder, 'platform.yaml');
  const remote = `{ url: '${server.url}/{home}.git', token: { secret_ref: 'vault:secret/git#token' } }`;
  const env = "{ TRINO_PASSWORD: { secret_ref: 'vault:secret/trino#password' } }";
  await writeFile(platform, `version: 1\nenv: ${env}\nworkspaces: { remote: ${remote} }\n`);
  vault.entries.set('secret/trino', { password: passwords[0] });
  const looked = { PROV_DRIFT_INTERVAL: '1s', PROV_RESYNC_INTERVAL: '1s' };
  const settings = {
    ...looked,
    PROV_PLATFORM_FILE: platform,
    VAULT_ADDR: vault.address,
    VAULT_TOKEN: vault.token,
  };
  await world.restart(settings);
  const user = new PortalUser(world.portal.url);
  await user.createProduct('Product', 'product');
  await eventually('a line about the remote', () =>
    world.lines.some((line) => line.includes('RemoteUnreachable')),
  );
  expect(await world.workspaceFile('product', '.env')).not.toBeNull();

  const bare = join(root, 'product.git');
  git(root, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  git(bare, 'config', 'http.receivepack', 'true');
  const workspace = join(world.folder, 'products/product');
  git(workspace, 'commit', '--quiet', '--allow-empty', '--message', 'Mine');
  await world.restart(settings);
  await eventually('the push', () => git(bare, 'for-each-ref').includes('refs/heads/main'));
  expect(git(bare, 'rev-parse', 'main')).toBe(git(workspace, 'rev-parse', 'main'));
  expect(git(bare, 'rev-parse', 'provisioner/template')).toBe(
    git(workspace, 'rev-parse', 'provisioner/template'),
  );

  const requests = server.requests.length;
  git(bare, 'update-ref', 'refs/heads/main', git(bare, 'commit-tree', '-m', 'Theirs', 'main^{tree}'));
  const seen = world.lines.length;
  await world.restart(settings);
  await eventually('another look', () =>
    world.lines.slice(seen).some((line) => line.includes('nothing to do')),
  );
  // What the remote has is known from the books: nobody is asked.
  expect(server.requests).toHaveLength(requests);
  git(workspace, 'commit', '--quiet', '--allow-empty', '--message', 'More');
  await world.restart(settings);
  await eventually('the news', () => world.lines.some((line) => line.includes('RemoteDiverged')));
  expect(git(bare, 'log', '-1', '--format=%s', 'main')).toBe('Theirs');

  const environment = () => world.workspaceFile('product', '.env');
  expect(await environment()).toContain(`TRINO_PASSWORD=${passwords[0]}\n`);
  vault.entries.set('secret/trino', { password: passwords[1] });
  await eventually('the password that replaced it', async () =>
    (await environment())?.includes(`TRINO_PASSWORD=${passwords[1]}\n`),
  );

  await world.daemon()[Symbol.asyncDispose]();
  const spoken = new Needles([token, ...passwords]);
  expect(world.lines.filter((line) => spoken.in(line))).toEqual([]);
  const needles = new Needles([token]);
  expect((await tablesHolding(needles, join(world.folder, 'data'))).holding).toEqual([]);
  expect(await filesHolding(needles, world.folder)).toEqual([]);
});
