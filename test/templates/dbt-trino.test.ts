/** The dbt template on Trino with the real dbt, as far as it goes without a Trino server. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pythonVenv } from '../../demo/tools/python-venv.ts';
import type { HomeName } from '../../src/model/home.ts';
import type { RenderContext } from '../../src/workspace/render.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import {
  contextOf,
  envOf,
  expectDone,
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
      const text = await compiled(home);
      expect(text).toContain(`"${catalog}"."river_${catalog}_stg"."stg_orders"`);
      expect(text).not.toContain(`river_${catalog}_river_${catalog}`);
    },
  );

  test('parses for a product that is called as a package of dbt is', async () => {
    const home = await lay(contextOf(homeOf('dbt_trino'), []));
    expectDone(await dbt(home, 'parse', '--no-partial-parse'));
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
      ...inputOf(provider, ['levels']),
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
  });
});
