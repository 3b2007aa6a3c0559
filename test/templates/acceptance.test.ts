/** What a template names as its acceptance passes in a new workspace, and the lint finds nothing wrong with its SQL. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pythonVenv } from '../../demo/tools/python-venv.ts';
import { loadTemplate } from '../../src/workspace/template.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import {
  contextOf,
  envOf,
  expectDone,
  homeOf,
  layWorkspace,
  render,
  runIn,
  templateFolder,
} from './project.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'acceptance-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const venvOf = (id: string) => pythonVenv(cacheFolder, join(templateFolder(id), 'files/requirements.txt'));
const key = { id: 'AKIANOSUCHKEY2345678', secret: 'x'.repeat(40) };

describe.each(['sqlmesh', 'dbt-duckdb', 'dbt-trino'])('%s', (id) => {
  test('passes its own acceptance', async () => {
    const { acceptance } = await loadTemplate(templateFolder(id));
    expect(acceptance.length).toBeGreaterThan(0);
    const home = homeOf(`accept_${id.replace('-', '_')}`);
    const env = envOf('http://127.0.0.1:9', home, key, '');
    await layWorkspace(root, home, await render(id, contextOf(home, [])), env);
    for (const command of acceptance)
      expectDone(await runIn(join(root, home), await venvOf(id), 'bash', '-c', command));
  });
});

test('SQL that is none is found by a Python with sqlglot', async () => {
  const folder = join(root, 'broken');
  const lint = (...words: string[]) =>
    venvOf('sqlmesh').then((venv) =>
      runIn(process.cwd(), venv, process.execPath, 'src/main.js', 'template', 'lint', ...words),
    );
  for (const id of ['sqlmesh', 'dbt-duckdb', 'dbt-trino'])
    expect((await lint(`templates/${id}`)).output).toBe(`templates/${id}: in order\n`);
  const made = await runIn(
    root,
    '',
    process.execPath,
    join(process.cwd(), 'src/main.js'),
    'template',
    'new',
    'broken',
  );
  expectDone(made);
  const manifest = join(folder, 'template.yaml');
  await writeFile(manifest, `${await readFile(manifest, 'utf8')}  a.sql: once\n`);
  await writeFile(join(folder, 'files/a.sql'), 'select (from x\n');
  const outcome = await lint(folder);
  expect(outcome.code).toBe(1);
  expect(outcome.output).toContain('a.sql: it is no SQL');
});
