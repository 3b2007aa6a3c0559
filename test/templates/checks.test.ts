/** What a template adds on demand: checks that need no store and no key, owners, and a linter that finds nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { pythonVenv } from '../../demo/tools/python-venv.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import { contextOf, expectDone, homeOf, layWorkspace, render, runIn, templateFolder } from './project.ts';

const commandMs = 120_000;
const templates = ['sqlmesh', 'dbt-duckdb', 'dbt-trino'] as const;
const everything = { github: true, gitlab: true, pre_commit: true };
const Workflow = z.object({
  jobs: z.object({
    check: z.object({
      env: z.record(z.string(), z.string()),
      steps: z.array(z.object({ run: z.string().optional() })),
    }),
  }),
});
const Pipeline = z.object({
  check: z.object({ variables: z.record(z.string(), z.string()), script: z.array(z.string()) }),
});
const Hooks = z.object({
  repos: z.array(
    z.object({
      hooks: z.array(z.object({ id: z.string(), entry: z.string().optional() })),
    }),
  ),
});

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'template-checks-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function filesOf(id: string) {
  const owners = [
    { name: 'Ada', email: 'ada@example.com' },
    { name: 'Eve', email: '*\n/ eve@example.com' },
  ];
  const home = homeOf(`checked_${id.replace('-', '_')}`);
  const files = await render(id, { ...contextOf(home, [], { owners }), parameters: everything });
  const text = (path: string) => files.find((file) => file.path === path)?.content ?? '';
  return { home, files, text, yaml: (path: string): unknown => parse(text(path)) };
}

test.each(templates)(
  'the check that %s gives to GitHub and GitLab passes on a fresh checkout',
  async (id) => {
    const { home, files, text, yaml } = await filesOf(id);
    await layWorkspace(root, home, files);
    const venv = await pythonVenv(cacheFolder, join(templateFolder(id), 'files/requirements.txt'));
    const { check } = Workflow.parse(yaml('.github/workflows/check.yml')).jobs;
    const gitlab = Pipeline.parse(yaml('.gitlab-ci.yml')).check;
    const commands = check.steps.flatMap(({ run }) => run ?? []);
    expect(commands).toEqual(gitlab.script);
    expect(check.env).toEqual(gitlab.variables);
    const [setup, command = ''] = commands;
    expect(setup).toBe('./run.sh setup');
    const env = Object.entries(check.env).map(([name, value]) => `${name}=${value}`);
    expectDone(await runIn(join(root, home), venv, 'env', ...env, 'sh', '-c', command));
    expect(Hooks.parse(yaml('.pre-commit-config.yaml')).repos[0]?.hooks[0]?.entry).toBe(command);
    expect(text('report.qmd')).toContain('source("R/connect.R")');
  },
  commandMs,
);

test.each(templates)('%s names the owners whose address is one', async (id) => {
  const { text } = await filesOf(id);
  for (const path of ['.github/CODEOWNERS', '.gitlab/CODEOWNERS'])
    expect(
      text(path)
        .split('\n')
        .filter((line) => !line.startsWith('#')),
    ).toEqual(['* ada@example.com', '']);
});

test.each(templates)('%s gives none of it unless the platform wants it', async (id) => {
  const files = await render(id, contextOf(homeOf('plain'), []));
  expect(files.map((file) => file.path).filter((path) => /^\.(git(hub|lab)|pre)/.test(path))).toEqual([]);
});

test.each(['dbt-duckdb', 'dbt-trino'])(
  'the linter that %s gives to pre-commit finds nothing',
  async (id) => {
    const { home, files } = await filesOf(id);
    await layWorkspace(root, home, files);
    const venv = await pythonVenv(cacheFolder, join(import.meta.dirname, 'sqlfluff-requirements.txt'));
    expectDone(await runIn(join(root, home), venv, 'sqlfluff', 'lint', 'models'));
  },
  5 * commandMs,
);
