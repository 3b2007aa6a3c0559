/** Reads a template folder: `template.yaml` and everything below `files/`. Done once at start; rendering does no I/O. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import Handlebars from 'handlebars';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { ProvisionerError } from '../model/errors.ts';
import * as escapes from './escape.ts';

/**
 * `managed` = ours, rewritten when its content changes; `merged` = ours to improve, theirs to edit; `once` = a starter,
 * then the person's.
 */
const Ownership = z.enum(['managed', 'merged', 'once']);
export type Ownership = z.infer<typeof Ownership>;

const Manifest = z.object({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be of a-z, 0-9 and -'),
  version: z.number().int().positive(),
  title: z.string(),
  description: z.string(),
  engine: z.string(),
  files: z.record(z.string(), Ownership),
});

/** One file of a template. Its path may be a template too (`{{home.name}}.Rproj`). */
interface TemplateFile {
  readonly path: string;
  readonly renderPath: (context: unknown) => string;
  readonly render: (context: unknown) => string;
  readonly ownership: Ownership;
  readonly executable: boolean;
}

export interface Template {
  readonly id: string;
  readonly version: number;
  readonly files: readonly TemplateFile[];
}

/**
 * Loads and compiles a template.
 *
 * @throws ProvisionerError `TEMPLATE_INVALID` naming the file and what is wrong with it
 */
export async function loadTemplate(folder: string): Promise<Template> {
  const manifest = await readManifest(folder);
  const root = join(folder, 'files');
  const paths = await listFiles(root);
  const listed = new Set(Object.keys(manifest.files));
  const files = await Promise.all(paths.map((path) => compileFile(root, path, manifest.files)));
  for (const file of files) listed.delete(file.path);
  if (listed.size > 0) {
    throw invalid(folder, `template.yaml lists files that do not exist: ${[...listed].join(', ')}`);
  }
  return { id: manifest.id, version: manifest.version, files };
}

async function readManifest(folder: string): Promise<z.infer<typeof Manifest>> {
  const path = join(folder, 'template.yaml');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw invalid(
      path,
      'it can not be read; PROV_TEMPLATE_PATH must name a folder with a template.yaml',
      cause,
    );
  });
  const manifest = Manifest.safeParse(parseYamlText(path, text));
  if (!manifest.success) throw invalid(path, z.prettifyError(manifest.error));
  return manifest.data;
}

function parseYamlText(path: string, text: string): unknown {
  try {
    return parseYaml(text);
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

async function listFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw invalid(root, 'it can not be listed', cause);
  });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

async function compileFile(
  root: string,
  path: string,
  rules: Readonly<Record<string, Ownership>>,
): Promise<TemplateFile> {
  const full = join(root, path);
  const [text, stat] = await Promise.all([readFile(full, 'utf8'), lstat(full)]);
  const target = path.replace(/\.hbs$/, '');
  const ownership = rules[target];
  if (ownership === undefined)
    throw invalid(full, `template.yaml says none of \`managed\`, \`merged\` and \`once\` for ${target}`);
  return {
    path: target,
    renderPath: compile(full, target),
    render: path.endsWith('.hbs') ? compile(full, text) : () => text,
    ownership,
    executable: (stat.mode & 0o100) !== 0,
  };
}

/** Handlebars of our own, so that no helper registered elsewhere reaches templates. */
const handlebars = Handlebars.create();
handlebars.registerHelper({ ...escapes });

/** Strict: an unknown variable is an error. No HTML escaping: each place says its own language by a helper. */
function compile(file: string, text: string): (context: unknown) => string {
  const template = handlebars.compile(text, {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers,
  });
  return (context) => {
    try {
      return template(context, { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false });
    } catch (cause) {
      throw invalid(file, cause instanceof Error ? cause.message : String(cause), cause);
    }
  };
}

const knownHelpers = Object.fromEntries(Object.keys(escapes).map((name) => [name, true]));

function invalid(file: string, what: string, cause?: unknown): ProvisionerError {
  return new ProvisionerError('TEMPLATE_INVALID', `The template file ${file} is not usable: ${what}`, {
    cause,
  });
}
