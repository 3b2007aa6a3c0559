/** The SQLMesh template with the real tools: rendered, run with restricted keys, its output read back. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pythonVenv } from '../../demo/tools/python-venv.ts';
import { type HomeName, schemaNameOf } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { publishedTable } from '../../src/model/published.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import {
  contextOf,
  envOf,
  expectDone,
  filesWith,
  holding,
  homeOf,
  hostile,
  inputOf,
  layWorkspace,
  outputUri,
  publishedOf,
  render,
  renewInputs,
  runIn,
  templateFolder,
} from './project.ts';
import { type ProductStore, startProductStore } from './store.ts';

const producer = { id: ProductId.parse('0b3c7f4e-0000-4000-8000-000000000001'), home: homeOf('sales_leads') };
const consumer = {
  id: ProductId.parse('0b3c7f4e-0000-4000-8000-000000000002'),
  home: homeOf('sales_report'),
};
const empty = homeOf('sales_empty');
const foreign = homeOf('sales_foreign');
const installMs = 15 * 60_000;
const commandMs = 180_000;

const cleanup = new AsyncDisposableStack();
let root: string;
let venv: string;
let store: ProductStore;
let secrets: readonly string[];

const folderOf = (home: string) => join(root, home);
const removeFolder = (folder: string) => rm(folder, { recursive: true, force: true });
const read = (home: string, path: string) => readFile(join(folderOf(home), path), 'utf8');
const inProject = (home: string, command: string, ...args: string[]) =>
  runIn(folderOf(home), venv, command, ...args);
const sqlmesh = (home: string, ...args: string[]) => inProject(home, 'sqlmesh', ...args);

beforeAll(async () => {
  root = cleanup.adopt(await mkdtemp(join(tmpdir(), 'sqlmesh-template-')), removeFolder);
  venv = await pythonVenv(cacheFolder, join(templateFolder('sqlmesh'), 'files/requirements.txt'));
  store = cleanup.use(await startProductStore());
  const keys = [
    await store.grant(producer.id, producer.home, []),
    await store.grant(consumer.id, consumer.home, [producer.home, empty]),
  ] as const;
  secrets = keys.map((key) => key.secret);
  const producerFiles = await render('sqlmesh', contextOf(producer.home, []));
  await layWorkspace(root, producer.home, producerFiles, envOf(store.endpoint, producer.home, keys[0], ''));
  const inputs = [inputOf(producer.home, ['example']), inputOf(empty, []), inputOf(foreign, ['example'])];
  const consumerFiles = await render('sqlmesh', contextOf(consumer.home, inputs));
  const uris = inputs.map((input) => `${input.schema}=${input.uri}`).join(',');
  await layWorkspace(root, consumer.home, consumerFiles, envOf(store.endpoint, consumer.home, keys[1], uris));
}, installMs);

afterAll(() => cleanup.disposeAsync());

describe('a product without inputs', { timeout: commandMs }, () => {
  test('reaches its warehouse, and passes lint, unit tests and formatting', async () => {
    expectDone(await sqlmesh(producer.home, 'info'), 'Data warehouse connection succeeded');
    expectDone(await sqlmesh(producer.home, 'lint'));
    expectDone(await sqlmesh(producer.home, 'test'), 'Successfully Ran `1` Tests');
    expectDone(await sqlmesh(producer.home, 'format', '--check'));
  });

  test('publishes nothing from a dev environment', async () => {
    const before = await store.list('sales_leads/output/');
    expectDone(
      await sqlmesh(producer.home, 'plan', 'dev', '--include-unmodified', '--auto-apply'),
      'Virtual layer updated',
    );
    expect(await store.list('sales_leads/output/')).toEqual(before);
  });

  test('publishes its own schema with a plan, and a second plan finds nothing to do', async () => {
    expectDone(await inProject(producer.home, './run.sh', 'plan'), 'Virtual layer updated');
    expect(Object.keys(await store.list('sales_leads/output/'))).toEqual([
      'sales_leads/output/example/data.parquet',
    ]);
    expectDone(await inProject(producer.home, './run.sh', 'plan'), 'No changes to plan');
    expectDone(await sqlmesh(producer.home, 'run'));
  });

  test('is told who has the warehouse open, and works in a file of its own meanwhile', async () => {
    await using holder = await holding(folderOf(producer.home), venv, 'warehouse.duckdb');
    const refused = await inProject(producer.home, './run.sh', 'plan');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(`(PID ${holder.pid})`);
    expect(refused.output).toContain('WAREHOUSE_FILE=mine.duckdb ./run.sh dev');
    const own = ['WAREHOUSE_FILE=mine.duckdb', './run.sh', 'dev'];
    expectDone(await inProject(producer.home, 'env', ...own), 'Virtual layer updated');
    expectDone(await inProject(producer.home, 'git', 'check-ignore', 'mine.duckdb'));
  });

  test('publishes again on request', async () => {
    const before = await store.list('sales_leads/output/');
    expectDone(await inProject(producer.home, './run.sh', 'sync', 'outputs'), 'Published example');
    const after = await store.list('sales_leads/output/');
    expect(Object.keys(after)).toEqual(Object.keys(before));
    expect(after).not.toEqual(before);
  });

  test('refuses to build while a unit test is broken', async () => {
    const path = 'tests/test_example.yaml';
    const intact = await read(producer.home, path);
    await writeFile(join(folderOf(producer.home), path), intact.replace('total: 15', 'total: 16'));
    const before = await store.list('sales_leads/output/');
    const outcome = await sqlmesh(
      producer.home,
      'plan',
      '--auto-apply',
      '--restate-model',
      'sales_leads.example',
    );
    await writeFile(join(folderOf(producer.home), path), intact);
    expect(outcome.code, outcome.output).not.toBe(0);
    expect(outcome.output).toContain('test_example_sums_orders_per_country');
    expect(await store.list('sales_leads/output/')).toEqual(before);
  });

  test('keeps its secret in .env alone, which git ignores', async () => {
    expect((await stat(join(folderOf(producer.home), '.env'))).mode & 0o777).toBe(0o600);
    expectDone(
      await inProject(producer.home, 'git', 'check-ignore', '.env', 'warehouse.duckdb', '.cache/x', 'logs/x'),
    );
    expect(await filesWith(folderOf(producer.home), secrets)).toEqual(['.env']);
  });
});

describe('a product with inputs, one published, one empty, one forbidden', { timeout: commandMs }, () => {
  beforeAll(async () => {
    expectDone(await inProject(producer.home, './run.sh', 'plan'));
    const hive = `${outputUri(producer.home)}by_hive`;
    expectDone(await execute(producer.home, `COPY (SELECT 7 AS n) TO '${hive}/000_0' (FORMAT PARQUET)`));
    expectDone(
      await execute(producer.home, `COPY (SELECT 'not Parquet') TO '${hive}/_SUCCESS' (FORMAT CSV)`),
    );
  });

  test('gets the views of inputs that were approved after its last plan with a plan that finds nothing to do', async () => {
    const path = join(folderOf(consumer.home), '.env');
    const intact = await readFile(path, 'utf8');
    await writeFile(path, intact.replace(/^S3_INPUTS=.*$/m, 'S3_INPUTS='));
    expectDone(await inProject(consumer.home, './run.sh', 'plan'), 'Virtual layer updated');
    await writeFile(path, intact);
    expectDone(await inProject(consumer.home, './run.sh', 'plan'), 'No changes to plan');
    expect(await views('sales_leads')).toEqual(['by_hive', 'example']);
  });

  test('gets a view of what is published, and a line about each input that can not be read', async () => {
    const outcome = await inProject(consumer.home, './run.sh', 'sync', 'inputs');
    expectDone(outcome, 'Input sales_empty: nothing published yet', 'Input sales_foreign: cannot list');
    expectDone(
      await sqlmesh(consumer.home, 'fetchdf', 'SELECT SUM(orders)::INT AS n FROM sales_leads.example'),
      '4',
    );
  });

  test('reads data files without an extension, and leaves marker files out', async () => {
    expectDone(await sqlmesh(consumer.home, 'fetchdf', 'SELECT n FROM sales_leads.by_hive'), '7');
  });

  test('plans although one input is empty and one forbidden', async () => {
    const outcome = await inProject(consumer.home, './run.sh', 'plan');
    expectDone(outcome, 'nothing published yet', 'cannot list', 'No changes to plan');
  });

  test('publishes a model made of an input', async () => {
    const model = [
      'MODEL (',
      '  name sales_report.orders_by_country,',
      '  kind FULL',
      ');',
      '',
      'SELECT',
      '  country,',
      '  orders',
      'FROM sales_leads.example',
      '',
    ];
    await writeFile(join(folderOf(consumer.home), 'models/orders_by_country.sql'), model.join('\n'));
    expectDone(await sqlmesh(consumer.home, 'lint'));
    expectDone(await sqlmesh(consumer.home, 'format', '--check'));
    expectDone(await sqlmesh(consumer.home, 'plan', '--auto-apply'), 'Virtual layer updated');
    expect(await countRows('sales_report/output/orders_by_country/data.parquet')).toBe(3);
  });

  test('knows the columns of what it reads, from the contract and from files, with what the contract says of them', async () => {
    const odd = `${outputUri(producer.home)}odd`;
    const query = `SELECT 1::BIGINT AS "a ""b"" c", now() AS seen, [1] AS parts`;
    expectDone(
      await execute(producer.home, `COPY (${query.replaceAll('"', '\\"')}) TO '${odd}/data.parquet'`),
    );
    const input = inputOf(producer.home, await publishedOf(root, store.objects, producer.home));
    await renewInputs(root, 'sqlmesh', consumer.home, [input]);
    const code = [
      connect,
      'import json',
      'for name in ["example", "by_hive", "odd"]:',
      '    model = context.get_model(f"sales_leads.{name}", raise_if_missing=True)',
      '    types = {k: v.sql("duckdb") for k, v in (model.columns_to_types or {}).items()}',
      '    print("MODEL", json.dumps([name, types, model.description, model.column_descriptions]))',
    ].join('\n');
    const outcome = await inProject(consumer.home, 'python', '-c', code);
    expectDone(outcome);
    const models = [...outcome.output.matchAll(/^MODEL (.*)$/gm)].map(([, json = '']) => JSON.parse(json));
    expect(models).toEqual([
      [
        'example',
        { country: 'TEXT', orders: 'INT', total: 'DECIMAL(18, 2)' },
        'Orders and their worth, by country.',
        {},
      ],
      ['by_hive', { n: 'INT' }, null, {}],
      // A type that can not be told: SQLMesh would take a part of the columns for all.
      ['odd', {}, null, {}],
    ]);
    expectDone(await sqlmesh(consumer.home, 'lint'));
    expectDone(await sqlmesh(consumer.home, 'plan', '--auto-apply'));
  });

  test('has example queries of its inputs, which run', async () => {
    const table = publishedTable('example', 'Orders.', [
      { name: 'orders', type: 'integer', description: '' },
    ]);
    await renewInputs(root, 'sqlmesh', consumer.home, [inputOf(producer.home, [table, 'by_hive'])]);
    const file = await read(consumer.home, 'examples/inputs.sql');
    const examples = file
      .replaceAll(/^--.*$/gm, '')
      .split(';')
      .slice(0, -1);
    expect(examples).toHaveLength(2);
    expectDone(await inProject(consumer.home, './run.sh', 'sync', 'inputs'));
    for (const query of examples) expectDone(await sqlmesh(consumer.home, 'fetchdf', query.trim()));
    expect(examples[0]).toContain('"orders"');
  });

  test('is told of an input whose approval ended: which models use it, and why they fail', async () => {
    expectDone(await inProject(consumer.home, './run.sh', 'sync', 'inputs'));
    const path = join(folderOf(consumer.home), '.env');
    const intact = await readFile(path, 'utf8');
    await writeFile(path, intact.replace(/^S3_INPUTS=.*$/m, 'S3_INPUTS='));
    await renewInputs(root, 'sqlmesh', consumer.home, []);
    const told = await inProject(consumer.home, './run.sh', 'sync', 'inputs');
    expectDone(told, 'sales_leads.example is still used by sales_report.orders_by_country');
    const restated = await sqlmesh(
      consumer.home,
      'plan',
      '--auto-apply',
      '--restate-model',
      'sales_report.orders_by_country',
    );
    expect(restated.code).not.toBe(0);
    expect(restated.output).toContain('The approval of input sales_leads ended');
    expect(await views('sales_leads')).toEqual(['example']);

    // Access is given back: the view reads the store again.
    await writeFile(path, intact);
    const query = 'SELECT SUM(orders)::INT AS n FROM sales_leads.example';
    expectDone(await inProject(consumer.home, './run.sh', 'sync', 'inputs'));
    expectDone(await sqlmesh(consumer.home, 'fetchdf', query), '4');

    // No model reads it any more: nothing is left of it.
    await rm(join(folderOf(consumer.home), 'models/orders_by_country.sql'));
    await writeFile(path, intact.replace(/^S3_INPUTS=.*$/m, 'S3_INPUTS='));
    expectDone(await inProject(consumer.home, './run.sh', 'sync', 'inputs'));
    expect(await views('sales_leads')).toEqual([]);
    await writeFile(path, intact);
  });

  test('a product that is called warehouse publishes, from inputs that are called as catalogs and words of SQL are', async () => {
    const home = homeOf('warehouse');
    const id = ProductId.parse('0b3c7f4e-0000-4000-8000-000000000029');
    const key = await store.grant(id, home, [producer.home]);
    const providers = ['system', 'temp', 'select'];
    const inputs = providers.map((schema) => ({ ...inputOf(producer.home, ['example']), schema }));
    const uris = inputs.map((input) => `${input.schema}=${input.uri}`).join(',');
    const files = await render('sqlmesh', contextOf(home, inputs));
    await layWorkspace(root, home, files, envOf(store.endpoint, home, key, uris));
    const from = providers.map((schema) => `SELECT orders FROM "${schema}".example`).join(' UNION ALL ');
    const model = `MODEL (name warehouse.everything, kind FULL);\n\n${from}\n`;
    await writeFile(join(folderOf(home), 'models/all.sql'), model);
    expectDone(await inProject(home, './run.sh', 'plan'), 'Virtual layer updated');
    const published = ['warehouse/output/everything/data.parquet', 'warehouse/output/example/data.parquet'];
    expect(Object.keys(await store.list('warehouse/output/')).sort()).toEqual(published);
    const outcome = await inProject(home, './run.sh', 'sync', 'outputs');
    expectDone(outcome, 'Published everything', 'Published example');
  });

  test('can not write where it may only read', async () => {
    const copy = `COPY (SELECT 1) TO '${outputUri(producer.home)}example/data.parquet' (FORMAT PARQUET)`;
    const outcome = await execute(consumer.home, copy);
    expect(outcome.code).not.toBe(0);
    expect(outcome.output).toContain('403');
  });

  test('keeps its secret in .env alone', async () => {
    expect(await filesWith(folderOf(consumer.home), secrets)).toEqual(['.env']);
  });
});

describe('the files of a workspace', { timeout: commandMs }, () => {
  test('say the same in .env to a shell and to Python', async () => {
    const print =
      'import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith(("S3_", "AWS_"))}))';
    const parse = 'import json, dotenv; print(json.dumps(dotenv.dotenv_values(".env")))';
    const shell = await inProject(consumer.home, 'sh', '-c', `set -a; . ./.env; python -c '${print}'`);
    const python = await inProject(consumer.home, 'python', '-c', parse);
    expectDone(shell);
    expect(JSON.parse(shell.output)).toEqual(JSON.parse(python.output));
    const names = (text: string) => [...text.matchAll(/^[A-Z0-9_]+(?==)/gm)].map(([name]) => name).sort();
    expect(names(await read(consumer.home, '.env.example'))).toEqual(
      names(await read(consumer.home, '.env')),
    );
  });

  test('parse: run.sh for bash, .vscode as JSON, requirements as exact pins', async () => {
    expectDone(await inProject(producer.home, 'bash', '-n', 'run.sh'));
    expectDone(await inProject(producer.home, './run.sh', 'help'), 'Usage: ./run.sh');
    for (const name of ['settings', 'extensions', 'tasks']) {
      expect(JSON.parse(await read(producer.home, `.vscode/${name}.json`))).toBeTypeOf('object');
    }
    const pins = (await read(producer.home, 'requirements.txt'))
      .split('\n')
      .filter((text) => /^[^#]/.test(text));
    expect(pins.length).toBeGreaterThan(0);
    for (const pin of pins) expect(pin).toMatch(/^[a-z0-9[\]-]+==[0-9.]+$/);
  });

  test('name no schema by a word that can not be read as one', async () => {
    const outcome = await inProject(producer.home, 'python', '-c', unreadable);
    expectDone(outcome);
    const words: string[] = JSON.parse(outcome.output);
    expect(words).toContain('select');
    expect(words.filter((word) => schemaNameOf(word as HomeName) === word)).toEqual([]);
  });

  test('parse whatever people write into names and descriptions', async () => {
    const home = homeOf('select');
    const odd = { name: `${hostile.replaceAll(/[\r\n]+/g, ' ')}`, type: 'date', description: hostile };
    const example = publishedTable('example', hostile, [odd, { ...odd, name: 'no', type: 'decimal(9, 2)' }]);
    const tables = [example, "it's: d # {{e}}"];
    const input = {
      ...inputOf(producer.home, tables),
      product: { id: 'x', name: hostile },
      outputPort: hostile,
    };
    const product = { name: hostile, description: hostile, domain: hostile, type: hostile, tags: [hostile] };
    const owners = [{ name: hostile, email: hostile }];
    const files = await render('sqlmesh', contextOf(home, [input], { ...product, owners }));
    await layWorkspace(root, home, files);
    expectDone(await inProject(home, 'bash', '-n', 'run.sh'));
    expectDone(await inProject(home, 'python', '-m', 'compileall', '-q', 'scripts', 'macros'));
    const yaml = await inProject(home, 'python', '-c', parseYaml);
    expectDone(yaml);
    expect(JSON.parse(yaml.output)).toMatchObject([
      { name: '"sales_leads"."example"', columns: { [odd.name]: 'date', no: 'decimal(9, 2)' } },
      { name: '"sales_leads"."it\'s: d # {{e}}"' },
    ]);
    expectDone(await sqlmesh(home, 'lint'));
    expectDone(await sqlmesh(home, 'test'), 'Successfully Ran `1` Tests');
    const [title, ...rest] = (await read(home, 'README.md')).split('\n');
    expect(title).toMatch(/^# "; DROP TABLE x; -- /);
    expect(rest.join('\n')).not.toContain('<script>');
  });
});

/** Views of a schema in the consumer's warehouse. */
async function views(schema: string): Promise<string[]> {
  const query = `SELECT view_name FROM duckdb_views() WHERE schema_name = '${schema}' ORDER BY ALL`;
  const code = `import duckdb, json; print(json.dumps(duckdb.connect("warehouse.duckdb").execute("""${query}""").fetchall()))`;
  const outcome = await inProject(consumer.home, 'python', '-c', code);
  expectDone(outcome);
  return JSON.parse(outcome.output).flat();
}

const connect = 'from sqlmesh import Context\ncontext = Context(paths=".")';

/** As SQLMesh reads them: config.yaml and tests with Jinja, external models without. */
/** Words of both engines that sqlglot does not take for a schema. */
const unreadable = `
import json
from sqlglot import exp, parse_one
from sqlglot.dialects import DuckDB, Trino
def is_schema(word, dialect):
    try:
        return exp.to_table(f'{word}.example', dialect=dialect).db == parse_one(f'select * from {word}.example', dialect=dialect).find(exp.Table).db == word
    except Exception:
        return False
words = {word.lower() for dialect in (DuckDB, Trino) for word in dialect.tokenizer_class.KEYWORDS if word.replace('_', '').isalpha()}
print(json.dumps(sorted(word for word in words if not (is_schema(word, 'duckdb') and is_schema(word, 'trino')))))
`;

const parseYaml = [
  'import json',
  'from pathlib import Path',
  'from sqlmesh.utils.yaml import YAML, load',
  'load(Path("config.yaml"))',
  'load(Path("tests/test_example.yaml"))',
  'print(json.dumps(YAML(typ="safe").load(Path("external_models/inputs.yaml"))))',
].join('\n');

/** Runs SQL with the connection of a project. */
const execute = (home: string, sql: string) =>
  inProject(home, 'python', '-c', `${connect}\ncontext.engine_adapter.execute("""${sql}""")`);

/** Rows of a published file, read with the consumer's key. */
async function countRows(key: string): Promise<number> {
  const query = `SELECT COUNT(*) FROM read_parquet('s3://data-products/${key}')`;
  const code = `${connect}\nprint('rows', context.engine_adapter.fetchone("""${query}""")[0])`;
  const { output } = await inProject(consumer.home, 'python', '-c', code);
  return Number(/rows (\d+)/.exec(output)?.[1]);
}
