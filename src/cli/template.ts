/** `provisioner template …`: for the people who write templates. */
import { access, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { loadPlatform, templateFolder } from '../compose/platform.ts';
import { loadEnvironment } from '../config/env.ts';
import { noPlatform, readPlatformFile } from '../config/platform-file.ts';
import type { Variables } from '../config/secret-references.ts';
import { ProvisionerError } from '../model/errors.ts';
import { importCookiecutter } from '../workspace/cookiecutter.ts';
import { type LintResult, lintTemplate } from '../workspace/lint.ts';
import type { Parameters } from '../workspace/manifest.ts';
import { type RenderedFile, renderTemplate } from '../workspace/render.ts';
import { writeStarter } from '../workspace/starter.ts';
import { loadTemplate } from '../workspace/template.ts';
import { readWorkspaceFile, writeWorkspaceFiles } from '../workspace/tree.ts';
import { readFacts } from './facts.ts';
import { fleetCommands } from './fleet.ts';
import { print, printJson } from './output.ts';
import { table } from './table.ts';
import { textDiff } from './text-diff.ts';

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
    .argument('<template>', 'a template folder, or a name of `template list`')
    .option('--product <file>', 'JSON with `product`, `home`, `inputs` and `parameters`')
    .option('--against <folder>', 'a workspace to compare with; shows what would differ')
    .option('--out <folder>', 'where to write the files')
    .option('--json', 'as JSON')
    .action(async (template: string, options: PreviewOptions) =>
      preview(await placeOf(template, env), options),
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
  const rows = [...catalogue.choices].map(([name, { template, parameters }]) => ({
    name,
    id: template.id,
    version: template.version,
    engine: template.engine,
    title: template.title,
    files: template.files.length,
    fallback: template === catalogue.fallback.template,
    parameters,
  }));
  if (json) return printJson({ templates: rows, rules: catalogue.rules });
  const cells = rows.map((row) => [
    row.name,
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

interface TemplatePlace {
  readonly folder: string;
  /** What the platform sets for the template of that name. */
  readonly parameters: Parameters;
}

/** A name is the platform file's or one beside the fallback, unless a folder of that name is here. */
async function placeOf(template: string, env: Variables): Promise<TemplatePlace> {
  const here = resolve(template);
  const isHere = await access(here).then(
    () => true,
    () => false,
  );
  if (isHere || !/^[a-z0-9-]+$/.test(template)) return { folder: here, parameters: {} };
  const { PROV_PLATFORM_FILE: file, PROV_TEMPLATE_CACHE: cache, PROV_TEMPLATE_PATH: fallback } = env;
  const platform = file === undefined ? noPlatform : await readPlatformFile(file, env.PROV_ENVIRONMENT);
  const place = platform.templates[template];
  return {
    folder:
      place === undefined
        ? resolve(dirname(fallback ?? './templates/sqlmesh'), template)
        : await templateFolder(place, cache ?? './.data/templates', null),
    parameters: platform.parameters[template] ?? {},
  };
}

async function preview({ folder, parameters }: TemplatePlace, options: PreviewOptions): Promise<void> {
  const template = await loadTemplate(folder);
  const facts = await readFacts(options.product);
  const files = renderTemplate(template, {
    ...facts,
    parameters: template.parameters({ ...parameters, ...facts.parameters }),
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
  await mkdir(folder, { recursive: true });
  await writeWorkspaceFiles(
    folder,
    files.map(({ path, content, executable }) => ({ path, content, mode: executable ? 0o755 : 0o644 })),
    { owner, durability: 'buffered' },
  );
  print(`Wrote ${files.length} files to ${join(folder)}\n`);
}
