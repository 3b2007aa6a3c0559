/** Reads a template folder: `template.yaml` and everything below `files/`. Done once at start; rendering does no I/O. */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, sep } from 'node:path';
import Handlebars from 'handlebars';
import { importCookiecutter } from './cookiecutter.ts';
import * as escapes from './escape.ts';
import {
  choicesOf,
  type FileRule,
  invalid,
  type Manifest,
  type Ownership,
  type Parameters,
  parametersOf,
  readManifest,
} from './manifest.ts';

/** One file of a template. Its path may be a template too (`{{home.name}}.Rproj`). */
interface TemplateFile {
  readonly path: string;
  readonly renderPath: (context: unknown) => string;
  readonly render: (context: unknown) => string;
  readonly ownership: Ownership;
  readonly executable: boolean;
  /** Parameter without which the file is not there; `null` = always there. */
  readonly when: string | null;
  /** SHA-256 of what it is rendered from. */
  readonly digest: string;
  /** What is rendered: its path, and its text where that is a template. */
  readonly programs: readonly hbs.AST.Program[];
}

export interface Template
  extends Pick<Manifest, 'id' | 'version' | 'title' | 'description' | 'engine' | 'acceptance'> {
  readonly files: readonly TemplateFile[];
  /** Changes with anything in the template, its version or not. */
  readonly digest: string;
  /**
   * Checks values for the template's parameters and fills in defaults.
   *
   * @throws ProvisionerError `TEMPLATE_INVALID` that names each wrong value
   */
  readonly parameters: (given: Parameters) => Parameters;
  /** Parameter → values to try it with. */
  readonly choices: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * Loads and compiles a template: one of ours, or a Cookiecutter folder as it is.
 *
 * @throws ProvisionerError `TEMPLATE_INVALID` naming the file and what is wrong with it; `CONFIG_INVALID` for what can
 * not be taken over from Cookiecutter
 */
export async function loadTemplate(folder: string): Promise<Template> {
  const there: string[] = await readdir(folder).catch(() => []);
  const foreign = there.includes('cookiecutter.json') && !there.includes('template.yaml');
  return foreign ? loadCookiecutter(folder) : loadOurs(folder);
}

/** Taken over into a folder that goes again: what is loaded needs no files. Every file is a starter. */
async function loadCookiecutter(folder: string): Promise<Template> {
  const scratch = await mkdtemp(join(tmpdir(), 'provisioner-cookiecutter-'));
  try {
    const id = basename(folder)
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, '-')
      .replace(/^-+/, '');
    const ours = join(scratch, id === '' ? 'cookiecutter' : id);
    await importCookiecutter(folder, ours);
    return await loadOurs(ours);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function loadOurs(folder: string): Promise<Template> {
  const manifest = await readManifest(folder);
  const root = join(folder, 'files');
  const paths = await listFiles(root);
  const listed = new Set(Object.keys(manifest.files));
  const files = await Promise.all(paths.map((path) => compileFile(root, path, manifest.files)));
  for (const file of files) listed.delete(file.path);
  if (listed.size > 0) {
    throw invalid(folder, `template.yaml lists files that do not exist: ${[...listed].join(', ')}`);
  }
  const { id, version, title, description, engine, acceptance } = manifest;
  const digest = digestOf([
    manifest,
    files.map((file) => [file.path, file.digest, file.ownership, file.executable]),
  ]);
  const parameters = parametersOf(folder, manifest);
  const choices = choicesOf(manifest);
  return { id, version, title, description, engine, acceptance, files, digest, parameters, choices };
}

function digestOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** A link could lead to what is no template's, in one of another's making: a key of ours would be in every workspace. */
async function listFiles(root: string): Promise<string[]> {
  const [stat, entries] = await Promise.all([
    lstat(root),
    readdir(root, { recursive: true, withFileTypes: true }),
  ]).catch((cause: unknown) => {
    throw invalid(root, 'it can not be listed', cause);
  });
  if (stat.isSymbolicLink()) throw invalid(root, 'it is a link; a template holds its files itself');
  const link = entries.find((entry) => entry.isSymbolicLink());
  if (link !== undefined)
    throw invalid(join(link.parentPath, link.name), 'it is a link; a template holds its files itself');
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

async function compileFile(
  root: string,
  path: string,
  rules: Readonly<Record<string, FileRule>>,
): Promise<TemplateFile> {
  const full = join(root, path);
  const [bytes, stat] = await Promise.all([readFile(full), lstat(full)]);
  // Three-way merges and diffs are of texts; other bytes would come out as others.
  if (!isUtf8(bytes) || bytes.includes(0))
    throw invalid(full, 'it is no UTF-8 text; a template holds no binary files');
  const text = bytes.toString('utf8');
  const target = path.replace(/\.hbs$/, '');
  const rule = rules[target];
  if (rule === undefined)
    throw invalid(full, `template.yaml says none of \`managed\`, \`merged\` and \`once\` for ${target}`);
  const name = compile(full, target);
  const content = path.endsWith('.hbs') ? compile(full, text) : null;
  return {
    path: target,
    renderPath: name.render,
    render: content === null ? () => text : content.render,
    programs: content === null ? [name.program] : [name.program, content.program],
    ownership: rule.rule,
    when: rule.when,
    executable: (stat.mode & 0o100) !== 0,
    digest: digestOf(text),
  };
}

/** Handlebars of our own, so that no helper registered elsewhere reaches templates. */
const handlebars = Handlebars.create();
handlebars.registerHelper({ ...escapes });

/** Names of the helpers that a template can call. */
export const helperNames: ReadonlySet<string> = new Set([
  ...Object.keys(escapes),
  'if',
  'unless',
  'each',
  'with',
  'lookup',
  'log',
]);
const knownHelpers = Object.fromEntries([...helperNames].map((name) => [name, true]));

interface Compiled {
  readonly program: hbs.AST.Program;
  readonly render: (context: unknown) => string;
}

/** Strict: an unknown variable is an error. No HTML escaping: each place says its own language by a helper. */
function compile(file: string, text: string): Compiled {
  const program = failingBy(file, () => handlebars.parse(text));
  const template = handlebars.compile(program, {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers,
  });
  const options = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false };
  const render = (context: unknown) => failingBy(file, () => template(context, options));
  // Most names of files have nothing to fill in, and Handlebars would make them anew for every workspace.
  if (program.body.some(({ type }) => type !== 'ContentStatement')) return { program, render };
  const always = render({});
  return { program, render: () => always };
}

function failingBy<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}
