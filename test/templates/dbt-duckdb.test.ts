/** The dbt template on DuckDB with the real tools: rendered, built with restricted keys, its output read back. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pythonVenv } from '../../demo/tools/python-venv.ts';
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

const producer = {
  id: ProductId.parse('0b3c7f4e-0000-4000-8000-000000000011'),
  home: homeOf('stock-levels'),
};
const consumer = {
  id: ProductId.parse('0b3c7f4e-0000-4000-8000-000000000012'),
  home: homeOf('stock_report'),
};
const empty = homeOf('stock_empty');
const commandMs = 180_000;

const cleanup = new AsyncDisposableStack();
let root: string;
let venv: string;
let store: ProductStore;
let secrets: readonly string[];

const folderOf = (home: string) => join(root, home);
const read = (home: string, path: string) => readFile(join(folderOf(home), path), 'utf8');
const inProject = (home: string, command: string, ...args: string[]) =>
  runIn(folderOf(home), venv, command, ...args);
const dbt = (home: string, ...args: string[]) => inProject(home, './run.sh', 'dbt', ...args);
const published = 'stock-levels/output/example/data.parquet';

beforeAll(async () => {
  root = cleanup.adopt(await mkdtemp(join(tmpdir(), 'dbt-template-')), (folder) =>
    rm(folder, { recursive: true, force: true }),
  );
  venv = await pythonVenv(cacheFolder, join(templateFolder('dbt-duckdb'), 'files/requirements.txt'));
  store = cleanup.use(await startProductStore());
  const keys = [
    await store.grant(producer.id, producer.home, []),
    await store.grant(consumer.id, consumer.home, [producer.home, empty]),
  ] as const;
  secrets = keys.map((key) => key.secret);
  const lay = async (
    home: typeof empty,
    key: (typeof keys)[number],
    inputs: ReturnType<typeof inputOf>[],
  ) => {
    const files = await render('dbt-duckdb', contextOf(home, inputs));
    const uris = inputs.map((input) => `${input.schema}=${input.uri}`).join(',');
    await layWorkspace(root, home, files, envOf(store.endpoint, home, key, uris));
  };
  await lay(producer.home, keys[0], []);
  await lay(consumer.home, keys[1], [inputOf(producer.home, ['example']), inputOf(empty, [])]);
}, 15 * 60_000);

afterAll(() => cleanup.disposeAsync());

describe('a product without inputs', { timeout: commandMs }, () => {
  test('parses, and reaches the store', async () => {
    expectDone(await inProject(producer.home, './run.sh', 'check'), 'All checks passed');
  });

  test('publishes nothing from dev', async () => {
    expectDone(await inProject(producer.home, './run.sh', 'dev'), 'ERROR=0 SKIP=0');
    expect(await store.list('stock-levels/output/')).toEqual({});
    expect(Object.keys(await store.list('stock-levels/dev/'))).toEqual([
      'stock-levels/dev/example/data.parquet',
    ]);
  });

  test('publishes from prod, as one file per output', async () => {
    expectDone(await inProject(producer.home, './run.sh', 'prod'), 'ERROR=0 SKIP=0');
    expect(Object.keys(await store.list('stock-levels/output/'))).toEqual([published]);
    expect(await countRows(published)).toBe(3);
  });

  test('leaves what is published alone in dev, and in a build without data', async () => {
    expectDone(await inProject(producer.home, './run.sh', 'prod'));
    const before = await store.list('stock-levels/output/');
    expectDone(await inProject(producer.home, './run.sh', 'dev'), 'ERROR=0 SKIP=0');
    expectDone(await inProject(producer.home, './run.sh', 'prod', '--empty'));
    expect(await store.list('stock-levels/output/')).toEqual(before);
  });

  test('is told who has the warehouse open, and works in a file of its own meanwhile', async () => {
    await using holder = await holding(folderOf(producer.home), venv, 'dev.duckdb');
    const refused = await inProject(producer.home, './run.sh', 'dev');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(`(PID ${holder.pid})`);
    expect(refused.output).toContain('WAREHOUSE_FILE=mine.duckdb ./run.sh dev');
    const own = ['WAREHOUSE_FILE=mine.duckdb', './run.sh', 'dev'];
    expectDone(await inProject(producer.home, 'env', ...own), 'ERROR=0 SKIP=0');
  });

  test('publishes a file without rows when there are none', async () => {
    const path = join(folderOf(producer.home), 'models/publish/nothing.sql');
    await writeFile(path, 'select cast(1 as integer) as n where false\n');
    const outcome = await dbt(producer.home, 'build', '--target', 'dev', '--select', 'nothing');
    await rm(path);
    expectDone(outcome, 'ERROR=0 SKIP=0');
    expect(await countRows('stock-levels/dev/nothing/data.parquet')).toBe(0);
  });

  test('publishes nothing that a test refuses', async () => {
    expectDone(await inProject(producer.home, './run.sh', 'prod'));
    const before = await store.list('stock-levels/output/');
    const path = join(folderOf(producer.home), 'seeds/example_orders.csv');
    const intact = await readFile(path, 'utf8');
    await writeFile(path, `${intact}5,,1.00\n`);
    const outcome = await inProject(producer.home, './run.sh', 'prod');
    await writeFile(path, intact);
    expect(outcome.code).not.toBe(0);
    expect(outcome.output).toMatch(/ERROR=[1-9]\d* SKIP=[1-9]/);
    expect(await store.list('stock-levels/output/')).toEqual(before);
  });

  test('writes its documentation', async () => {
    expectDone(await inProject(producer.home, './run.sh', 'docs'), 'Catalog written');
  });

  test('keeps its secret in .env alone, which git ignores', async () => {
    expect((await stat(join(folderOf(producer.home), '.env'))).mode & 0o777).toBe(0o600);
    expect(await filesWith(folderOf(producer.home), secrets)).toEqual(['.env']);
    const made = ['.env', 'dev.duckdb', 'target/x', 'logs/x'];
    expectDone(await inProject(producer.home, 'git', 'check-ignore', ...made));
  });
});

describe('a product with inputs, one published and one empty', { timeout: commandMs }, () => {
  beforeAll(async () => {
    expectDone(await inProject(producer.home, './run.sh', 'prod'));
  }, commandMs);

  test('reads what is published', async () => {
    const query = "select sum(orders) as n from {{ source('stock_levels', 'example') }}";
    expectDone(await dbt(consumer.home, 'show', '--inline', query), '| 4 |');
  });

  test('knows how old its inputs are', async () => {
    expectDone(
      await inProject(consumer.home, './run.sh', 'freshness'),
      'PASS freshness of stock_levels.example',
    );
  });

  test('builds and publishes a model made of an input', async () => {
    const model = "select country, total from {{ source('stock_levels', 'example') }}\n";
    const path = join(folderOf(consumer.home), 'models/publish/totals.sql');
    await writeFile(path, model);
    const outcome = await inProject(consumer.home, './run.sh', 'prod');
    await rm(path);
    expectDone(outcome, 'ERROR=0 SKIP=0');
    expect(Object.keys(await store.list('stock_report/output/'))).toContain(
      'stock_report/output/totals/data.parquet',
    );
  });

  test('knows the columns of what it reads, with what the provider’s contract says of them', async () => {
    const inputs = [inputOf(producer.home, await publishedOf(root, store.objects, producer.home))];
    await renewInputs(root, 'dbt-duckdb', consumer.home, inputs);
    const keys = ['ls', '--resource-type', 'source', '--output', 'json', '--output-keys'];
    const outcome = await dbt(consumer.home, '--quiet', ...keys, 'name', 'description', 'columns');
    expectDone(outcome);
    const json = outcome.output.split('\n').find((text) => text.startsWith('{')) ?? '';
    const { name, description, columns } = JSON.parse(json);
    expect([name, description]).toEqual(['example', 'Orders and their worth, by country.']);
    const types = Object.values<{ name: string; data_type: string }>(columns);
    expect(types.map((column) => [column.name, column.data_type])).toEqual([
      ['country', 'varchar'],
      ['orders', 'integer'],
      ['total', 'decimal(18, 2)'],
    ]);
  });

  test('has example queries of its inputs, which run', async () => {
    const columns = [{ name: 'orders', type: 'integer', description: '' }];
    const table = publishedTable('example', 'Orders.', columns);
    await renewInputs(root, 'dbt-duckdb', consumer.home, [inputOf(producer.home, [table])]);
    const [query = '', ...rest] = (await read(consumer.home, 'examples/inputs.sql')).split(';');
    expect(rest).toEqual(['\n']);
    expectDone(await dbt(consumer.home, 'show', '--inline', query), '| orders |');
  });

  test('is told which model uses an input that is gone', async () => {
    const path = 'models/inputs/inputs.yml';
    const intact = await read(consumer.home, path);
    const model = join(folderOf(consumer.home), 'models/publish/orphan.sql');
    await writeFile(model, "select * from {{ source('stock_levels', 'example') }}\n");
    const [without] = (await render('dbt-duckdb', contextOf(consumer.home, []))).filter(
      (file) => file.path === path,
    );
    await writeFile(join(folderOf(consumer.home), path), without?.content ?? '');
    const outcome = await dbt(consumer.home, 'parse');
    await writeFile(join(folderOf(consumer.home), path), intact);
    await rm(model);
    expect(outcome.code).not.toBe(0);
    expect(outcome.output).toMatch(/orphan.*stock_levels\.example/s);
  });

  test('can not write where it may only read', async () => {
    const sql = `copy (select 1 as n) to '${outputUri(producer.home)}example/data.parquet' (format parquet)`;
    const hook = join(folderOf(consumer.home), 'models/publish/intruder.sql');
    await writeFile(hook, `{{ config(materialized='view', post_hook="${sql}") }}\nselect 1 as n\n`);
    const outcome = await dbt(consumer.home, 'build', '--select', 'intruder');
    await rm(hook);
    expect(outcome.code).not.toBe(0);
    expect(outcome.output).toContain('403');
  });

  test('keeps its secret in .env alone', async () => {
    expect(await filesWith(folderOf(consumer.home), secrets)).toEqual(['.env']);
  });
});

describe('the files of a workspace', { timeout: commandMs }, () => {
  test('name in .env.example what stands in .env', async () => {
    const names = (text: string) => [...text.matchAll(/^[A-Z0-9_]+(?==)/gm)].map(([name]) => name).sort();
    expect(names(await read(consumer.home, '.env.example'))).toEqual(
      names(await read(consumer.home, '.env')),
    );
  });

  test('parse: .vscode as JSON, requirements as exact pins', async () => {
    expectDone(await inProject(producer.home, './run.sh', 'help'), 'Usage: ./run.sh');
    for (const name of ['settings', 'extensions', 'tasks']) {
      expect(JSON.parse(await read(producer.home, `.vscode/${name}.json`))).toBeTypeOf('object');
    }
    const pins = (await read(producer.home, 'requirements.txt'))
      .split('\n')
      .filter((text) => /^[^#]/.test(text));
    expect(pins.length).toBeGreaterThan(0);
    for (const pin of pins) expect(pin).toMatch(/^[a-z0-9-]+==[0-9.]+$/);
  });

  test.each(['dbt', 'dbt_duckdb'])(
    'parse for a product that is called %s, as a package of dbt is',
    async (name) => {
      const home = homeOf(name);
      const key = { id: 'AKIANOSUCHKEY2345678', secret: 'x'.repeat(40) };
      const files = await render('dbt-duckdb', contextOf(home, []));
      await layWorkspace(root, home, files, envOf(store.endpoint, home, key, ''));
      expectDone(await dbt(home, 'parse'));
    },
  );

  test('parse whatever people write into names and descriptions', async () => {
    const home = homeOf('hostile_dbt');
    const input = {
      ...inputOf(producer.home, [
        publishedTable('example', hostile, [
          { name: hostile.replace(/[\r\n]+/g, ' '), type: 'date', description: hostile },
        ]),
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
    const owners = [{ name: hostile, email: hostile }];
    await layWorkspace(
      root,
      home,
      await render('dbt-duckdb', contextOf(home, [input], { ...product, owners })),
      {
        ...envOf(store.endpoint, home, { id: 'AKIANOSUCHKEY2345678', secret: 'x'.repeat(40) }, ''),
      },
    );
    expectDone(await inProject(home, 'bash', '-n', 'run.sh'));
    expectDone(await dbt(home, 'parse'));
    const readContract = 'import yaml; print(yaml.safe_load(open("datacontract.yaml"))["kind"])';
    expectDone(await inProject(home, 'python', '-c', readContract), 'DataContract');
  });
});

/** Rows of a published file, read with the producer's key. */
async function countRows(key: string): Promise<number> {
  const query = `select count(*) as n from read_parquet('s3://data-products/${key}')`;
  const outcome = await dbt(producer.home, 'show', '--inline', query, '--output', 'json');
  expectDone(outcome);
  return Number(/"n": (\d+)/.exec(outcome.output)?.[1]);
}
