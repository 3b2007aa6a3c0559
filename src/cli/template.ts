/** `provisioner template …`: for the people who write templates. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { z } from 'zod';
import { loadPlatform } from '../compose/platform.ts';
import { loadEnvironment } from '../config/env.ts';
import type { Variables } from '../config/secret-references.ts';
import { ProvisionerError } from '../model/errors.ts';
import { importCookiecutter } from '../workspace/cookiecutter.ts';
import { type Finding, lintTemplate } from '../workspace/lint.ts';
import { type RenderedFile, renderTemplate, sha256 } from '../workspace/render.ts';
import { plainProduct } from '../workspace/samples.ts';
import { writeStarter } from '../workspace/starter.ts';
import { loadTemplate } from '../workspace/template.ts';
import { readWorkspaceFile, writeWorkspaceFiles } from '../workspace/tree.ts';
import { print, printJson } from './output.ts';
import { table } from './table.ts';

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
  const template = new Command('template').description('for the people who write templates');
  template
    .command('list')
    .description('the templates that products can have')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => list(env, json === true));
  template
    .command('lint')
    .description('what is wrong with a template; exit 1 when anything is')
    .argument('[folders...]', 'template folders', ['templates/*'])
    .option('--json', 'as JSON')
    .action(async (folders: string[], { json }: { json?: true }) => lint(folders, json === true));
  template
    .command('preview')
    .description('what a workspace would hold; with --out also writes it')
    .argument('<folder>', 'a template folder')
    .option('--product <file>', 'JSON with `product` facts and `parameters`')
    .option('--against <folder>', 'a workspace to compare with')
    .option('--out <folder>', 'where to write the files')
    .option('--json', 'as JSON')
    .action(preview);
  template
    .command('new')
    .description('a small template to begin with')
    .argument('<folder>', 'a folder that is not there yet')
    .action(async (folder: string) => {
      await writeStarter(resolve(folder));
      print(`Made ${folder}. Next: provisioner template lint ${folder}\n`);
    });
  template
    .command('import')
    .description('make a template of a Cookiecutter folder')
    .argument('<cookiecutter>', 'folder with a cookiecutter.json')
    .argument('<folder>', 'a folder that is not there yet')
    .action(async (from: string, folder: string) => {
      const notes = await importCookiecutter(resolve(from), resolve(folder));
      for (const note of notes) print(`${note}\n`);
      print(`Made ${folder}. Next: provisioner template lint ${folder}\n`);
    });
  return template;
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
  const results: Record<string, readonly Finding[]> = {};
  for (const folder of folders) results[folder] = await lintTemplate(resolve(folder));
  const count = Object.values(results).flat().length;
  if (count > 0) process.exitCode = 1;
  if (json) return printJson(results);
  for (const [folder, findings] of Object.entries(results)) {
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

async function preview(folder: string, options: PreviewOptions): Promise<void> {
  const template = await loadTemplate(resolve(folder));
  const facts = await readFacts(options.product);
  const files = renderTemplate(template, {
    ...plainProduct,
    product: { ...plainProduct.product, ...facts.product },
    parameters: template.parameters(facts.parameters),
  });
  const rows = await Promise.all(files.map((file) => rowOf(file, options.against)));
  if (options.out !== undefined) await write(resolve(options.out), files);
  if (options.json === true) return printJson(rows);
  const headings = ['FILE', 'RULE', 'BYTES', ...(options.against === undefined ? [] : ['THERE'])];
  const cells = rows.map((row) => [
    row.path,
    row.rule,
    String(row.bytes),
    ...(row.there === null ? [] : [row.there]),
  ]);
  print(table(headings, cells));
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
  const there = against === undefined ? null : await standingOf(resolve(against), file);
  return { path, rule, bytes: Buffer.byteLength(content), there };
}

async function standingOf(folder: string, { path, sha256: digest }: RenderedFile): Promise<string> {
  const text = await readWorkspaceFile(folder, path);
  if (text === null) return 'missing';
  return sha256(text) === digest ? 'same' : 'differs';
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
