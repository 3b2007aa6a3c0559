/** Tables brought up to date by command, and books that move between the embedded database and a server. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql as raw } from 'kysely';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { sealAudit, verifyAudit } from '../../src/db/audit.ts';
import { openDatabase } from '../../src/db/connection.ts';
import { runDaemon } from '../support/daemon-process.ts';
import { exactInventory, worksAlone } from '../support/inventory.ts';
import { startPostgres } from '../support/postgres.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

async function command(world: World, url: string, ...words: string[]) {
  await using process = runDaemon(words, { ...world.environment, PROV_DATABASE_URL: url });
  return { code: await process.ended, said: process.output() };
}

/** Every row of ours as text. */
async function rowsOf(url: string): Promise<string[]> {
  await using database = await openDatabase(url);
  const rows: string[] = [];
  for (const table of ['product', 'grant', 'access_key', 'delivery', 'run', 'audit', 'audit_head']) {
    // The fingerprint is forgotten on the way, so that every product is looked at again.
    const found = await raw<{ line: string }>`
      select (to_jsonb(t) - 'fingerprint')::text as line from ${raw.table(`provisioner.${table}`)} t`.execute(
      database.sql,
    );
    rows.push(...found.rows.map(({ line }) => `${table} ${line}`));
  }
  return rows.sort();
}

test('the books move to a server and back: same rows, an audit that verifies, and no new keys', async () => {
  await using server = await startPostgres();
  await using world = await createWorld();
  const homes = ['moved-1', 'moved-2'];
  const user = new PortalUser(world.portal.url);
  for (const home of homes) await user.createProduct(home, home);
  for (const home of homes) await eventually(`a key in ${home}`, () => worksAlone(world, home));
  await user.createProduct('пример', 'moved-3');
  await eventually('the third', () => worksAlone(world, 'moved-3'));
  const before = await world.workspaceFile('moved-1', '.env');
  await world.daemon()[Symbol.asyncDispose]();
  const folder = String(world.environment.PROV_DATABASE_URL);
  {
    await using database = await openDatabase(folder);
    await sealAudit(database.sql);
  }
  const [file, back] = [join(world.folder, 'books'), join(world.folder, 'books-back')];
  expect(await command(world, folder, 'database', 'export', file)).toMatchObject({ code: 0 });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, 'utf8')).not.toContain(/S3_SECRET_KEY=(\S+)/.exec(before ?? '')?.[1]);
  expect(await command(world, server.url, 'database', 'import', file)).toMatchObject({ code: 0 });
  expect(await rowsOf(server.url)).toEqual(await rowsOf(folder));
  const again = await command(world, server.url, 'database', 'import', file);
  expect([again.code, again.said]).toEqual([2, expect.stringContaining('has books already')]);

  await world.restart({ PROV_DATABASE_URL: server.url });
  await user.createProduct('later', 'later');
  await eventually('a home that was made on the server', () => worksAlone(world, 'later'));
  expect(await world.workspaceFile('moved-1', '.env')).toBe(before);
  await world.daemon()[Symbol.asyncDispose]();
  expect(await command(world, server.url, 'database', 'export', back)).toMatchObject({ code: 0 });
  const other = join(world.folder, 'other-data');
  expect(await command(world, other, 'database', 'import', back)).toMatchObject({ code: 0 });
  {
    await using database = await openDatabase(other);
    await sealAudit(database.sql);
    expect(await verifyAudit(database.sql)).toMatchObject({ ok: true });
  }
  await world.restart({ PROV_DATABASE_URL: other });
  await exactInventory(world, [...homes, 'moved-3', 'later']);
});

test('what is no export of this version is refused, and nothing of it stays', async () => {
  await using world = await createWorld();
  await world.daemon()[Symbol.asyncDispose]();
  const file = join(world.folder, 'books');
  const url = join(world.folder, 'empty-data');
  const head = (tables: string) => `${JSON.stringify({ format: 'provisioner-books', tables })}\n`;
  for (const text of ['', 'nonsense\n', head('000-other'), `${head('000-other')}pg_authid\t{}\n`]) {
    await writeFile(file, text);
    expect(await command(world, url, 'database', 'import', file)).toMatchObject({ code: 2 });
  }
  expect(await rowsOf(url)).toEqual([]);
});

test('migrate brings an empty server up to date, three times at once, and a daemon starts on it', async () => {
  await using server = await startPostgres();
  await using world = await createWorld();
  const all = await Promise.all([1, 2, 3].map(() => command(world, server.url, 'migrate')));
  expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
  await world.restart({ PROV_DATABASE_URL: server.url });
  await new PortalUser(world.portal.url).createProduct('migrated', 'migrated');
  await eventually('a home', () => worksAlone(world, 'migrated'));
});
