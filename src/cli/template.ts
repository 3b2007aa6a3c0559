/** `provisioner template …`: for the people who write templates. */
import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { z } from 'zod';
import { loadPlatform } from '../compose/platform.ts';
import { loadEnvironment } from '../config/env.ts';
import type { Variables } from '../config/secret-references.ts';
import { ProvisionerError } from '../model/errors.ts';
import { importCookiecutter } from '../workspace/cookiecutter.ts';
import { type LintResult, lintTemplate } from '../workspace/lint.ts';
import { type RenderedFile, renderTemplate } from '../workspace/render.ts';
import { plainProduct } from '../workspace/samples.ts';
import { writeStarter } from '../workspace/starter.ts';
import { loadTemplate } from '../workspace/template.ts';
import { readWorkspaceFile, writeWorkspaceFiles } from '../workspace/tree.ts';
import { fleetCommands } from './fleet.ts';
import { print, printJson } from './output.ts';
import { table } from './table.ts';
import { textDiff } from './text-diff.ts';

/** Facts of a product in a file of one's own: what is left out is a sample's. */
const Facts = z.strictObject({
  product: z
    .strictObject({
      id: z.string().exactOptional(),
      name: z.string().exactOptional(),
      namespace: z.string().exactOptional(),
      description: z.string().exactOptional(),
      domain: z.string().exactOptional(),
      type: z.string().exactOptional(),
      lifecycle: z.string().nullable().exactOptional(),
      tags: z.array(z.string()).exactOptional(),
      owners: z.array(z.strictObject({ name: z.string(), email: z.string() })).exactOptional(),
    })
    .default({}),
  parameters: z.record(z.string(), z.json()).default({}),
});

export function templateCommand(env: Variables): Command {
  const template = new Command('template').description('templates: written, tried, rolled out');
  for (const command of fleetCommands(env)) template.addCommand(command);
  template
    .command('list')
    .description('the templates that products can have')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => list(env, json === true));
  template
    .command('lint')
    .description('what is wrong with a template; exit 1 when anything is')
    .argument('[folders...]', 'template folders; without: all in ./templates')
    .option('--json', 'as JSON')
    .action(async (folders: string[], { json }: { json?: true }) =>
      lint(folders.length > 0 ? folders : await ownTemplates(), json === true),
    );
  template
    .command('preview')
    .description('what a workspace would hold; with --out also writes it')
    .argument('<template>', 'a template folder, or the name of one beside PROV_TEMPLATE_PATH')
    .option('--product <file>', 'JSON with `product` facts and `parameters`')
    .option('--against <folder>', 'a workspace to compare with; shows what would differ')
    .option('--out <folder>', 'where to write the files')
    .option('--json', 'as JSON')
    .action(async (template: string, options: PreviewOptions) =>
      preview(await folderOf(template, env), options),
    );
  template
    .command('new')
    .description('a small template to begin with')
    .argument('<folder>', 'a folder that is not there yet')
    .option('--json', 'as JSON')
    .action(async (folder: string, { json }: { json?: true }) => {
      await writeStarter(resolve(folder));
      sayMade(folder, [], json === true);
    });
  template
    .command('import')
    .description('make a template of a Cookiecutter folder')
    .argument('<cookiecutter>', 'folder with a cookiecutter.json')
    .argument('<folder>', 'a folder that is not there yet')
    .option('--json', 'as JSON')
    .action(async (from: string, folder: string, { json }: { json?: true }) =>
      sayMade(folder, await importCookiecutter(resolve(from), resolve(folder)), json === true),
    );
  return template;
}

function sayMade(folder: string, notes: readonly string[], json: boolean): void {
  if (json) {
    printJson({ folder, notes });
    return;
  }
  for (const note of notes) print(`${note}\n`);
  print(`Made ${folder}. Next: provisioner template lint ${folder}\n`);
}

const templatesFolder = 'templates';

async function ownTemplates(): Promise<readonly string[]> {
  const entries = await readdir(templatesFolder, { withFileTypes: true }).catch(() => []);
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(templatesFolder, name));
  if (folders.length > 0) return folders.sort();
  throw new ProvisionerError(
    'CONFIG_INVALID',
    'There is no folder in ./templates: name the templates to look at.',
  );
}

async function list(env: Variables, json: boolean): Promise<void> {
  const { catalogue } = await loadPlatform(await loadEnvironment(env), null);
  const rows = [...catalogue.choices.values()].map(({ template, parameters }) => ({
    id: template.id,
    version: template.version,
    engine: template.engine,
    title: template.title,
    files: template.files.length,
    fallback: template.id === catalogue.fallback.template.id,
    parameters,
  }));
  if (json) return printJson({ templates: rows, rules: catalogue.rules });
  const cells = rows.map((row) => [
    row.id,
    String(row.version),
    row.engine,
    String(row.files),
    row.fallback ? 'yes' : '',
    row.title,
  ]);
  print(table(['TEMPLATE', 'VERSION', 'ENGINE', 'FILES', 'FALLBACK', 'TITLE'], cells));
}

async function lint(folders: readonly string[], json: boolean): Promise<void> {
  const results: [folder: string, result: LintResult][] = [];
  for (const folder of folders) results.push([folder, await lintTemplate(resolve(folder))]);
  if (results.some(([, { findings }]) => findings.length > 0)) process.exitCode = 1;
  for (const [folder, { notes }] of results)
    for (const note of notes) process.stderr.write(`${folder}: ${note}\n`);
  if (json) return printJson(Object.fromEntries(results.map(([folder, { findings }]) => [folder, findings])));
  for (const [folder, { findings }] of results) {
    const verdict =
      findings.length === 0
        ? styleText('green', 'in order', { stream: process.stdout })
        : styleText('red', `${findings.length} findings`, { stream: process.stdout });
    print(`${folder}: ${verdict}\n`);
    for (const { file, problem } of findings) print(`  ${file}: ${problem}\n`);
  }
}

interface PreviewOptions {
  readonly product?: string;
  readonly against?: string;
  readonly out?: string;
  readonly json?: true;
}

/** A name is one beside the fallback, unless a folder of that name is here. */
async function folderOf(template: string, env: Variables): Promise<string> {
  const here = resolve(template);
  const isHere = await access(here).then(
    () => true,
    () => false,
  );
  if (isHere || !/^[a-z0-9-]+$/.test(template)) return here;
  return resolve(dirname(env.PROV_TEMPLATE_PATH ?? './templates/sqlmesh'), template);
}

async function preview(folder: string, options: PreviewOptions): Promise<void> {
  const template = await loadTemplate(folder);
  const facts = await readFacts(options.product);
  const files = renderTemplate(template, {
    ...plainProduct,
    product: { ...plainProduct.product, ...facts.product },
    parameters: template.parameters(facts.parameters),
  });
  const rows = await Promise.all(files.map((file) => rowOf(file, options.against)));
  if (options.out !== undefined) await write(resolve(options.out), files);
  if (options.json === true) return printJson(rows.map(({ diff: _shown, ...row }) => row));
  const headings = ['FILE', 'RULE', 'BYTES', ...(options.against === undefined ? [] : ['THERE'])];
  const cells = rows.map((row) => [
    row.path,
    row.rule,
    String(row.bytes),
    ...(row.there === null ? [] : [row.there]),
  ]);
  print(table(headings, cells));
  for (const { diff } of rows) if (diff !== '') print(`\n${diff}`);
}

async function readFacts(path: string | undefined): Promise<z.infer<typeof Facts>> {
  if (path === undefined) return Facts.parse({});
  try {
    return Facts.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new ProvisionerError('CONFIG_INVALID', `${path} does not hold facts of a product: ${why}`, {
      cause,
    });
  }
}

async function rowOf(file: RenderedFile, against: string | undefined) {
  const { path, ownership: rule, content } = file;
  const row = { path, rule, bytes: Buffer.byteLength(content) };
  if (against === undefined) return { ...row, there: null, diff: '' };
  const text = await readWorkspaceFile(resolve(against), path);
  const there = text === null ? 'missing' : text === content ? 'same' : 'differs';
  return { ...row, there, diff: textDiff(path, text, content) };
}

async function write(folder: string, files: readonly RenderedFile[]): Promise<void> {
  const owner = { uid: undefined, gid: undefined };
  await writeWorkspaceFiles(
    folder,
    files.map(({ path, content, executable }) => ({ path, content, mode: executable ? 0o755 : 0o644 })),
    { owner, durability: 'buffered' },
  );
  print(`Wrote ${files.length} files to ${join(folder)}\n`);
}
