/** The dbt template on Trino with the real dbt, as far as it goes without a Trino server. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pythonVenv } from '../../demo/tools/python-venv.ts';
import type { HomeName } from '../../src/model/home.ts';
import { publishedTable } from '../../src/model/published.ts';
import type { RenderContext } from '../../src/workspace/render.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import {
  contextOf,
  envOf,
  expectDone,
  filesWith,
  homeOf,
  hostile,
  inputOf,
  layWorkspace,
  render,
  runIn,
  templateFolder,
} from './project.ts';

const provider = homeOf('river_levels');
const empty = homeOf('river_empty');
const commandMs = 120_000;
const nowhere = 'http://127.0.0.1:9';
const key = { id: 'AKIANOSUCHKEY2345678', secret: 'x'.repeat(40) };

let root: string;
let venv: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dbt-trino-template-'));
  venv = await pythonVenv(cacheFolder, join(templateFolder('dbt-trino'), 'files/requirements.txt'));
}, 15 * 60_000);
afterAll(() => rm(root, { recursive: true, force: true }));

const inProject = (home: HomeName, command: string, ...args: string[]) =>
  runIn(join(root, home), venv, command, ...args);
const dbt = (home: HomeName, ...args: string[]) => inProject(home, './run.sh', 'dbt', ...args);
const compile = (home: HomeName) => dbt(home, 'compile', '--no-introspect', '--no-populate-cache');

async function lay(context: RenderContext, more: Record<string, string> = {}): Promise<HomeName> {
  const home = homeOf(context.home.name);
  const files = await render('dbt-trino', context);
  await layWorkspace(root, home, files, { ...envOf(nowhere, home, key, ''), ...more });
  return home;
}

/** Everything that dbt made of the project's SQL, in one text. */
async function compiled(home: HomeName): Promise<string> {
  const folder = join(root, home, 'target/compiled');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.sql'));
  const texts = await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')));
  return texts.join('\n');
}

describe('without a server', { timeout: commandMs }, () => {
  test.each(['none', 'ldap', 'jwt'])('parses for the login method %s', async (method) => {
    const home = await lay(contextOf(homeOf(`river_${method}`), []), { TRINO_METHOD: method });
    expectDone(await dbt(home, 'parse', '--no-partial-parse'));
  });

  test.each(['hive', 'iceberg'])(
    'compiles for a catalog of kind %s, every schema named once',
    async (catalog) => {
      const context = contextOf(homeOf(`river-${catalog}`), []);
      const home = await lay({ ...context, parameters: { catalog } });
      expectDone(await compile(home));
      const sql = await compiled(home);
      expect(sql).toContain(`"${catalog}"."river_${catalog}_stg"."stg_orders"`);
      expect(sql).not.toContain(`river_${catalog}_river_${catalog}`);
    },
  );

  test('parses for a product that is called as a package of dbt is', async () => {
    const home = await lay(contextOf(homeOf('dbt_trino'), []));
    expectDone(await dbt(home, 'parse', '--no-partial-parse'));
  });

  test('parses with empty lines for Trino, and for a product whose name is a word of YAML', async () => {
    const names = ['METHOD', 'HOST', 'PORT', 'HTTP_SCHEME', 'USER', 'PASSWORD', 'JWT', 'CATALOG'];
    const lines = names.map((name) => `TRINO_${name}=`).join('\n');
    const home = await lay(contextOf(homeOf('no'), [inputOf(homeOf('yes'), ['levels'])]));
    const path = join(root, home, '.env');
    await writeFile(path, `${await readFile(path, 'utf8')}${lines}\n`);
    expectDone(await compile(home));
    expect(await compiled(home)).toContain('from "hive"."no_stg"."stg_orders"');
  });

  test('keeps its secrets in .env alone', async () => {
    const password = 'y'.repeat(40);
    const home = await lay(contextOf(homeOf('river_secret'), []), {
      TRINO_METHOD: 'ldap',
      TRINO_PASSWORD: password,
    });
    expectDone(await compile(home));
    expect(await filesWith(join(root, home), [key.secret, password])).toEqual(['.env']);
    expectDone(await inProject(home, 'git', 'check-ignore', '.env', 'target/x', 'logs/x', '.venv/x'));
  });

  test('replaces tables as the catalog can', async () => {
    const context = contextOf(homeOf('river_tables'), []);
    const project = async (catalog: string) => {
      const files = await render('dbt-trino', { ...context, parameters: { catalog } });
      return files.find((file) => file.path === 'dbt_project.yml')?.content;
    };
    expect(await project('hive')).toContain('+on_table_exists: drop');
    expect(await project('iceberg')).toContain('+on_table_exists: replace');
  });

  test('has the approved inputs as sources, one of them empty', async () => {
    const inputs = [inputOf(provider, ['levels', 'gauges']), inputOf(empty, [])];
    const home = await lay(contextOf(homeOf('river_report'), inputs));
    expectDone(await compile(home));
    const list = await dbt(home, 'ls', '--resource-type', 'source', '--output', 'name');
    expectDone(list, 'river_levels.levels', 'river_levels.gauges');
    const query = "select * from {{ source('river_levels', 'levels') }}";
    const inline = await dbt(home, 'compile', '--no-introspect', '--no-populate-cache', '--inline', query);
    expectDone(inline, '"hive"."river_report_in"."river_levels__levels"');
  });

  test('takes whatever people write into names and descriptions', async () => {
    const input = {
      ...inputOf(provider, [
        'levels',
        "it's: d # {{e}}",
        "{{ env_var('S3_SECRET_KEY') }}",
        '{% y %}',
        '{# z',
      ]),
      product: { id: 'x', name: hostile },
      outputPort: hostile,
    };
    const product = {
      name: hostile,
      description: hostile,
      domain: hostile,
      type: hostile,
      lifecycle: hostile,
    };
    const home = await lay(contextOf(homeOf('river_hostile'), [input], { ...product, tags: [hostile] }));
    expectDone(await inProject(home, 'bash', '-n', 'run.sh'));
    expectDone(await compile(home));
    // The names of folders are the provider's to choose: nothing in them is run.
    expect(await filesWith(join(root, home), [key.secret])).toEqual(['.env']);
  });
});

/** Statements that dbt sends, with a server that agrees to each and has nothing in it: no proof that Trino takes them. */
async function statementsOf(home: HomeName, ...args: string[]) {
  const statements: string[] = [];
  const server = createServer(async (request, response) => {
    statements.push((await text(request)).replace(/\s+/g, ' '));
    const columns = [{ name: 'x', type: 'bigint', typeSignature: { rawType: 'bigint', arguments: [] } }];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id: 'x', infoUri: '', stats: { state: 'FINISHED' }, columns, data: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const there = ['TRINO_HOST=127.0.0.1', `TRINO_PORT=${port}`];
  const outcome = await inProject(home, 'env', ...there, './run.sh', 'dbt', ...args);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return { outcome, statements: statements.join('\n') };
}

const typed = `version: 2
sources:
  - name: typed
    database: hive
    schema: river_typed_in
    config: { meta: { uri: 's3://data-products/river_levels/output/' } }
    tables:
      - name: it's
        identifier: typed
        columns: [{ name: level, data_type: bigint }, { name: 'a "b"', data_type: varchar }]
`;

describe('what is sent to a server', { timeout: commandMs }, () => {
  test.each(['s3', 's3a'])('gives each schema a place in the product, by %s', async (scheme) => {
    const context = contextOf(homeOf(`river-at-${scheme}`), []);
    const home = await lay({ ...context, parameters: { scheme } });
    const { outcome, statements } = await statementsOf(home, 'run');
    expectDone(outcome, 'ERROR=0 SKIP=0');
    const schema = `river_at_${scheme}`;
    const place = `${scheme}://data-products/${home}`;
    expect(statements).toContain(
      `create schema if not exists "hive"."${schema}" with (location = '${place}/output/')`,
    );
    expect(statements).toContain(
      `create schema if not exists "hive"."${schema}_stg" with (location = '${place}/trino/${schema}_stg/')`,
    );
    expect(statements).toContain(`create table "hive"."${schema}"."example" WITH (format = 'PARQUET')`);
  });

  test('makes tables of inputs whose columns are known, and names those that it leaves out', async () => {
    const home = await lay(contextOf(homeOf('river_typed'), [inputOf(provider, ['levels'])]));
    await writeFile(join(root, home, 'models/sources.yml'), typed);
    const { outcome, statements } = await statementsOf(home, 'run');
    expectDone(outcome, 'Input river_levels.levels: its columns are not known, it is left out');
    expect(statements).toContain(
      `create schema if not exists "hive"."river_typed_in" with (location = 's3://data-products/river_typed/trino/river_typed_in/')`,
    );
    expect(statements).toContain(
      `create table if not exists "hive"."river_typed_in"."typed" ("level" bigint, "a ""b""" varchar) with (external_location = 's3://data-products/river_levels/output/it''s/', format = 'PARQUET')`,
    );
    expect(statements).not.toContain('river_levels__levels');
  });

  test('makes tables of inputs whose columns the provider tells, as far as Hive has types for them', async () => {
    const column = (name: string, type: string | null) => ({ name, type, description: hostile });
    const columns = [column('a "b"', 'decimal(18, 2)'), column('seen', 'timestamp with time zone')];
    const table = publishedTable('levels', hostile, [
      ...columns,
      column('id', 'uuid'),
      column('parts', null),
    ]);
    const home = await lay(contextOf(homeOf('river_told'), [inputOf(provider, [table])]));
    const { outcome, statements } = await statementsOf(home, 'run');
    expectDone(outcome);
    expect(statements).toContain(
      `create table if not exists "hive"."river_told_in"."river_levels__levels" ("a ""b""" decimal(18, 2), "seen" timestamp) with`,
    );
  });

  test('leaves inputs alone in commands that build nothing', async () => {
    const home = await lay(contextOf(homeOf('river_quiet'), [inputOf(provider, ['levels'])]));
    const { outcome, statements } = await statementsOf(home, 'compile');
    expectDone(outcome);
    expect(outcome.output).not.toContain('left out');
    expect(statements).not.toContain('create ');
  });
});
