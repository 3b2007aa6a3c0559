/** Renders the template for a product as the daemon does, and runs commands in the result. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type HomeName, homeNamesFor, outputPrefixOf, prefixOf, schemaNameOf } from '../../src/model/home.ts';
import { type PublishedTable, publishedTable } from '../../src/model/published.ts';
import { Published } from '../../src/reconcile/published.ts';
import type { ObjectStore } from '../../src/storage/store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Redactor } from '../../src/telemetry/redact.ts';
import { type RenderContext, type RenderedFile, renderTemplate } from '../../src/workspace/render.ts';
import { loadTemplate } from '../../src/workspace/template.ts';
import { Workspaces } from '../../src/workspace/workspace.ts';
import { bucket, region } from './store.ts';

export const templateFolder = (id: string): string =>
  fileURLToPath(new URL(`../../templates/${id}`, import.meta.url));

export interface Outcome {
  readonly code: number;
  /** Standard output and standard error, without colours. */
  readonly output: string;
}

export const outputUri = (home: HomeName): string => `s3://${bucket}/${outputPrefixOf(home)}`;

/** What the template sees of a product with nothing unusual about it. */
export function contextOf(
  home: HomeName,
  inputs: RenderContext['inputs'],
  product: Partial<RenderContext['product']> = {},
): RenderContext {
  return {
    product: {
      id: '0b3c7f4e-0000-4000-8000-000000000001',
      name: home,
      namespace: home,
      description: 'For the test.',
      domain: 'Sales',
      type: 'Reporting',
      lifecycle: null,
      tags: [],
      owners: [{ name: 'Ada', email: 'ada@example.com' }],
      ...product,
    },
    home: {
      name: home,
      bucket,
      prefix: prefixOf(home),
      schema: schemaNameOf(home),
      outputUri: outputUri(home),
    },
    inputs,
    parameters: {},
  };
}

/** Renders a template with its parameters' defaults. */
export async function render(id: string, context: RenderContext): Promise<readonly RenderedFile[]> {
  const template = await loadTemplate(templateFolder(id));
  return renderTemplate(template, { ...context, parameters: template.parameters(context.parameters) });
}

/** Lays a workspace as the daemon does, with its history. */
export async function layWorkspace(
  root: string,
  home: HomeName,
  files: readonly RenderedFile[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const workspaces = new Workspaces({ root, owner: { uid: undefined, gid: undefined }, history: true });
  const { entry } = await workspaces.updateFiles(home, {
    write: files.map((file) => file.path),
    merge: [],
    remove: [],
    files,
    before: {},
    after: Object.fromEntries(files.map((file) => [file.path, file.digest])),
    message: 'Set up the workspace\n',
    at: new Date(),
  });
  if (entry !== null) await workspaces.commit(home, entry);
  if (Object.keys(env).length > 0) await workspaces.writeEnv(home, env, null);
}

/** An input as the template sees it. */
export function inputOf(
  home: HomeName,
  tables: readonly (string | PublishedTable)[],
): RenderContext['inputs'][number] {
  const published = tables.map((table) =>
    typeof table === 'string' ? publishedTable(table, '', []) : table,
  );
  return {
    product: { id: home, name: home },
    outputPort: 'orders',
    schema: schemaNameOf(home),
    uri: outputUri(home),
    tables: published.map((table) => table.name),
    published,
  };
}

/** What a product publishes, as the daemon finds out. */
export async function publishedOf(
  root: string,
  objects: ObjectStore,
  home: HomeName,
): Promise<readonly PublishedTable[]> {
  const workspaces = new Workspaces({ root, owner: { uid: undefined, gid: undefined }, history: true });
  const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });
  const published = await new Published({ store: objects, workspaces, log }).tablesOf([home]);
  return published.get(home) ?? [];
}

/** Renders a workspace's managed inputs again, as a later run of the daemon does. */
export async function renewInputs(
  root: string,
  id: string,
  home: HomeName,
  inputs: RenderContext['inputs'],
): Promise<void> {
  const managed = [
    'external_models/inputs.yaml',
    'models/inputs/inputs.yml',
    'datacontract.inputs.yaml',
    'examples/inputs.sql',
  ];
  const files = await render(id, contextOf(home, inputs));
  for (const { path, content } of files.filter((file) => managed.includes(file.path)))
    await writeFile(join(root, home, path), content);
}

/** The block of `.env` that the daemon writes. */
export function envOf(
  endpoint: string,
  home: HomeName,
  key: { readonly id: string; readonly secret: string },
  inputs: string,
): Record<string, string> {
  return {
    S3_ENDPOINT: endpoint,
    S3_REGION: region,
    S3_URL_STYLE: 'path',
    S3_BUCKET: bucket,
    S3_PREFIX: prefixOf(home),
    S3_INPUTS: inputs,
    S3_ACCESS_KEY: key.id,
    S3_SECRET_KEY: key.secret,
    AWS_ACCESS_KEY_ID: key.id,
    AWS_SECRET_ACCESS_KEY: key.secret,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
  };
}

/** Runs a command in a folder with the tools of a venv, and no key but those of the folder's `.env`. */
export function runIn(
  folder: string,
  venv: string,
  command: string,
  ...args: readonly string[]
): Promise<Outcome> {
  const { HOME = '/tmp', PATH = '' } = process.env;
  const env = {
    HOME,
    PATH: `${venv}/bin:${PATH}`,
    NO_COLOR: '1',
    TERM: 'dumb',
    COLUMNS: '200',
    LANG: 'C.UTF-8',
  };
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd: folder, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      // A command that could not be started has no exit code.
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

/** Another process, as a second editor is, that has a DuckDB file open until it is disposed. */
export async function holding(
  folder: string,
  venv: string,
  file: string,
): Promise<AsyncDisposable & { readonly pid: number | undefined }> {
  const code = 'import duckdb, sys; held = duckdb.connect(sys.argv[1]); print("open", flush=True); input()';
  const child = spawn(`${venv}/bin/python`, ['-c', code, file], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const [said] = await Promise.race([once(child.stdout, 'data'), ended]);
  if (!String(said).startsWith('open')) throw new Error(`${file} could not be opened`);
  return {
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      child.stdin.end('\n');
      await ended;
    },
  };
}

/** A home name, checked. */
export function homeOf(namespace: string): HomeName {
  const [home] = homeNamesFor({ id: '00000000', namespace });
  if (home !== namespace) throw new Error(`${namespace} is no home name`);
  return home;
}

/** Expects success, and the words in what was printed. */
export function expectDone(outcome: Outcome, ...words: readonly string[]): void {
  expect(outcome.code, outcome.output).toBe(0);
  for (const word of words) expect(outcome.output).toContain(word);
}

/** What the portal lets people write. `$` and `{` are apart so that this is not taken for a template string. */
export const hostile = `"; DROP TABLE x; --\r\n{{x}} {% y %} ${'$'}{z} \`id\` \u2028'"""\n# [a](b) <script>`;

/** Files below a folder that hold one of the texts, whatever their format. */
export async function filesWith(folder: string, texts: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readFile(path);
      return texts.some((text) => bytes.includes(text)) ? path.slice(folder.length + 1) : null;
    }),
  );
  return found.filter((path) => path !== null);
}
