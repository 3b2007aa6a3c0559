/** R as people in RStudio use it: its files parse, `.env` says to R what it says to others, and its SQL opens the store. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { freePort } from '../../demo/store/free-port.ts';
import { pythonVenv } from '../../demo/tools/python-venv.ts';
import { ProductId } from '../../src/model/ids.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import { startMinio } from '../support/stores/minio.ts';
import { createWorldOn, eventually } from '../support/world.ts';
import {
  contextOf,
  envOf,
  expectDone,
  homeOf,
  inputOf,
  layWorkspace,
  type Outcome,
  outputUri,
  render,
  runIn,
  templateFolder,
} from './project.ts';
import { type ProductStore, startProductStore } from './store.ts';

const templates = ['sqlmesh', 'dbt-duckdb', 'dbt-trino'] as const;
const provider = homeOf('river_levels');
const consumer = homeOf('river_report');

const cleanup = new AsyncDisposableStack();
let root: string;
let venv: string;
let store: ProductStore;

/** Runs R in a folder; a machine without it fails, whoever asks. */
async function rscript(folder: string, code: string): Promise<Outcome> {
  try {
    return await runIn(folder, venv, 'Rscript', '--no-init-file', '-e', code);
  } catch (cause) {
    throw new Error('these tests need Rscript: apt-get install r-base-core', { cause });
  }
}

/** Does in Python what `R/connect.R` has R do: DuckDB itself is the same, DBI and duckdb for R are not needed for that. */
const execute = (folder: string, statements: string) =>
  runIn(
    folder,
    venv,
    'sh',
    '-c',
    'set -a; . ./.env; set +a; exec python -c "$0" "$1"',
    'import duckdb, json, sys\ncon = duckdb.connect()\nfor sql in json.loads(sys.argv[1]): rows = con.execute(sql).fetchall()\nprint(rows)',
    statements,
  );

/** SQL as R makes it, one statement a line; no secret but to the process that runs it. */
async function sqlOf(folder: string, ...expressions: string[]): Promise<string> {
  const made = await rscript(
    folder,
    `source("R/connect.R"); readRenviron(".env"); cat(${expressions.join(', ')}, sep = "\\n")`,
  );
  expectDone(made);
  return JSON.stringify(made.output.trimEnd().split('\n'));
}

beforeAll(async () => {
  root = cleanup.adopt(await mkdtemp(join(tmpdir(), 'r-template-')), (folder) =>
    rm(folder, { recursive: true, force: true }),
  );
  venv = await pythonVenv(cacheFolder, join(templateFolder('sqlmesh'), 'files/requirements.txt'));
  store = cleanup.use(await startProductStore());
}, 15 * 60_000);
afterAll(() => cleanup.disposeAsync());

describe.each(templates)('%s', (id) => {
  const folder = () => join(root, id, consumer);
  beforeAll(async () => {
    const product = ProductId.parse('0b3c7f4e-0000-4000-8000-000000000031');
    const key = await store.grant(product, consumer, [provider]);
    const input = inputOf(provider, ['example']);
    const env = envOf(store.endpoint, consumer, key, `${input.schema}=${input.uri}`);
    await layWorkspace(join(root, id), consumer, await render(id, contextOf(consumer, [input])), env);
  });

  test('has R files that parse, and a project that loads .env by itself', async () => {
    for (const file of ['.Rprofile', 'R/connect.R'])
      expectDone(await rscript(folder(), `invisible(parse("${file}"))`));
    const loaded = await runIn(folder(), venv, 'Rscript', '-e', 'cat(Sys.getenv("S3_PREFIX"))');
    expect(loaded.output).toBe(`${consumer}/`);
  });

  test('says the same in .env to R, sh, Python and make', async () => {
    const names = 'S3_[A-Z0-9_]*|AWS_[A-Z0-9_]*';
    const ofPython = await runIn(
      folder(),
      venv,
      'python',
      '-c',
      'import dotenv\nfor n, v in sorted(dotenv.dotenv_values(".env").items()): print(f"{n}={v}")',
    );
    expectDone(ofPython, `S3_INPUTS=river_levels=${outputUri(provider)}`);
    const ofShell = await runIn(
      folder(),
      venv,
      'sh',
      '-c',
      `set -a; . ./.env; env | grep -E '^(${names})=' | LC_ALL=C sort`,
    );
    const ofR = await rscript(
      folder(),
      `readRenviron(".env"); v <- Sys.getenv(); v <- v[grep("^(${names})$", names(v))]; n <- sort(names(v), method = "radix"); cat(paste0(n, "=", v[n], "\\n"), sep = "")`,
    );
    await writeFile(
      join(root, id, 'Makefile'),
      `include .env\nexport\nall:\n\t@env | grep -E '^(${names})=' | LC_ALL=C sort\n`,
    );
    const ofMake = await runIn(folder(), venv, 'make', '--no-print-directory', '-f', '../Makefile');
    for (const { output } of [ofShell, ofR, ofMake]) expect(output).toBe(ofPython.output);
  });

  test('makes SQL that opens the store and reads an input and the own output', async () => {
    const copy = `"COPY (SELECT 7 AS n) TO '${outputUri(consumer)}example/000_0' (FORMAT PARQUET)"`;
    const uri = `input_uris()[["${provider}"]]`;
    const own = await sqlOf(folder(), 'secret_sql()', copy, `table_sql("${outputUri(consumer)}", "example")`);
    expectDone(await execute(folder(), own), '[(7,)]');
    const absent = await execute(
      folder(),
      await sqlOf(folder(), 'secret_sql()', `table_sql(${uri}, "example")`),
    );
    expect(absent.output).toContain(`No files found that match the pattern "${outputUri(provider)}example/`);
  });
});

test('R without a key in .env has DuckDB fetch one', async () => {
  const port = await freePort();
  await using world = await createWorldOn(startMinio, {
    PROV_CREDENTIALS: 'sessions',
    PROV_CREDENTIALS_URL: `http://127.0.0.1:${port}`,
    PROV_PORT: String(port),
  });
  // The folder is made by the world: the workspaces are where the daemon put them.
  await world.restart({ PROV_WORKSPACE_MOUNT: join(world.folder, 'products') });
  await new PortalUser(world.portal.url).createProduct('Product', 'product');
  await eventually('the project', () => world.workspaceFile('product', '.git/index'));
  expect(await world.workspaceFile('product', '.env')).not.toMatch(/SECRET|SESSION/);
  const folder = join(world.folder, 'products/product');
  const copy = `"COPY (SELECT 7 AS n) TO 's3://data-products/product/output/example/000_0' (FORMAT PARQUET)"`;
  const read = 'table_sql("s3://data-products/product/output", "example")';
  expectDone(await execute(folder, await sqlOf(folder, 'secret_sql()', copy, read)), '[(7,)]');
});
