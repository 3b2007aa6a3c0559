/** From a product in the portal to a consumer's tables, and back after a revocation: all by the daemon, on a real store. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { pythonVenv } from '../../demo/tools/python-venv.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import { startMinio } from '../support/stores/minio.ts';
import { createWorldOn, eventually } from '../support/world.ts';
import { expectDone, runIn, templateFolder } from './project.ts';

/** Reads a table of one's own with the keys of `.env`. */
const readBack = `
import os, duckdb
con = duckdb.connect()
con.execute("LOAD httpfs")
host = os.environ["S3_ENDPOINT"].split("://")[1]
con.execute(f"""CREATE SECRET (TYPE s3, KEY_ID '{os.environ["S3_ACCESS_KEY"]}', SECRET '{os.environ["S3_SECRET_KEY"]}',
  REGION '{os.environ["S3_REGION"]}', ENDPOINT '{host}', USE_SSL false, URL_STYLE 'path')""")
root = f's3://{os.environ["S3_BUCKET"]}/{os.environ["S3_PREFIX"]}output'
print(con.execute(f"SELECT country, orders FROM read_parquet('{root}/totals/data.parquet') ORDER BY country").fetchall())
`;

const sqlmesh = {
  id: 'sqlmesh',
  build: 'plan',
  inputs: 'external_models/inputs.yaml',
  model: 'models/totals.sql',
  sql: 'MODEL (name taker.totals, kind FULL);\n\nSELECT country, orders FROM maker.example\n',
  emptyInput: 'Input silent: nothing published yet',
  hint: 'Input maker: its approval ended; maker.example is still used by taker.totals',
};
const dbt = {
  id: 'dbt-duckdb',
  build: 'prod',
  inputs: 'models/inputs/inputs.yml',
  model: 'models/publish/totals.sql',
  sql: "select country, orders from {{ source('maker', 'example') }}\n",
  emptyInput: 'ERROR=0 SKIP=0',
  hint: "'model.product_taker.totals' (models/publish/totals.sql) depends on a source named 'maker.example' which was not found",
};

test.each([sqlmesh, dbt])(
  '$id: what one product publishes another builds on once it may, and is told when it may no more',
  async ({ id, build, inputs, model, sql, emptyInput, hint }) => {
    const venv = await pythonVenv(cacheFolder, join(templateFolder(id), 'files/requirements.txt'));
    await using world = await createWorldOn(startMinio);
    const platform = join(world.folder, 'platform.yaml');
    await writeFile(platform, `version: 1\nrules: [{ domain: Sales, template: ${id} }]\n`);
    await world.restart({ PROV_PLATFORM_FILE: platform });
    const user = new PortalUser(world.portal.url);
    const names = ['Maker', 'Silent', 'Taker'] as const;
    const [maker, silent, taker] = await Promise.all(
      names.map((name) => user.createProduct(name, name.toLowerCase())),
    );
    if (maker === undefined || silent === undefined || taker === undefined) throw new Error('no products');
    for (const home of ['maker', 'silent', 'taker'])
      await eventually(`the project ${home}`, () => world.workspaceFile(home, '.git/index'));
    const project = (home: string, ...args: string[]) =>
      runIn(join(world.folder, 'products', home), venv, './run.sh', ...args);
    /** Waits until the managed file of inputs, and .env with it, name the maker's table or not. */
    const wired = (wanted: boolean) =>
      eventually(wanted ? 'the input' : 'no input', async () => {
        const [file, env] = await Promise.all(
          [inputs, '.env'].map((path) => world.workspaceFile('taker', path)),
        );
        return file?.includes('"example"') === wanted && env?.includes('maker=s3://') === wanted;
      });

    expectDone(await project('maker', build));
    const ports = {
      maker: await user.createPort(maker, 'orders'),
      silent: await user.createPort(silent, 'later'),
    };
    for (const [provider, port] of [
      [maker, ports.maker],
      [silent, ports.silent],
    ] as const) {
      await user.requestAccess(taker, port);
      await user.decide(provider, port, taker, 'approve');
    }
    await wired(true);
    await eventually('the empty input', async () =>
      (await world.workspaceFile('taker', '.env'))?.includes('silent='),
    );
    await writeFile(join(world.folder, 'products/taker', model), sql);
    expectDone(await project('taker', build), emptyInput);
    expectDone(await project('taker', 'python', '-c', readBack), "[('BE', 2), ('DE', 1), ('NL', 1)]");

    await user.decide(maker, ports.maker, taker, 'revoke');
    await wired(false);
    expect((await project('taker', build)).output.replaceAll(/\s+/g, ' ')).toContain(hint);
  },
);
