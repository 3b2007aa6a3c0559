/**
 * Makes a template of a Cookiecutter folder: `cookiecutter.json` and a folder named `{{cookiecutter.…}}`. What has a
 * counterpart among a product's facts is taken from there, the rest becomes a parameter. Jinja beyond variables and
 * `{% raw %}` is not guessed at: it is named, with its file.
 */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { ProvisionerError } from '../model/errors.ts';
import { convertName, convertText, isFact } from './jinja.ts';
import { makeNew } from './starter.ts';

const Variables = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).min(1)]),
);
type Variables = z.infer<typeof Variables>;

interface Source {
  readonly path: string;
  readonly text: string;
  readonly executable: boolean;
}

/**
 * @param from the Cookiecutter folder
 * @param to a folder that is not there yet; its name becomes the template's
 * @returns what a person should know about the result
 * @throws ProvisionerError `CONFIG_INVALID` that names every place that can not be taken over
 */
export async function importCookiecutter(from: string, to: string): Promise<readonly string[]> {
  const variables = await readVariables(from);
  const { sources, skipped } = await readSources(from);
  const problems: string[] = [];
  const names = new Set(Object.keys(variables));
  const converted = sources.map(({ path, text, executable }) => {
    const target = convertName(path, {
      names,
      onProblem: (what) => problems.push(`${path} (its name): ${what}`),
    });
    const content = convertText(path, text, {
      names,
      onProblem: (what) => problems.push(`${path}: ${what}`),
    });
    return { target, content, executable, rendered: content !== text };
  });
  if (problems.length > 0)
    throw wrong(
      `${from} uses more of Jinja than can be taken over:\n  ${[...new Set(problems)].join('\n  ')}`,
    );
  await makeNew(to);
  for (const { target, content, executable, rendered } of converted) {
    const path = join(to, 'files', rendered ? `${target}.hbs` : target);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode: executable ? 0o755 : 0o644 });
  }
  const files = Object.fromEntries(converted.map(({ target }) => [target, 'once']));
  await writeFile(join(to, 'template.yaml'), stringify(manifestOf(basename(to), variables, files)));
  return [
    ...skipped.map((path) => `Left out ${path}: it is no text.`),
    'Every file is `once`: say in template.yaml which are `managed` or `merged`.',
    'People’s free text stands as letters, digits and blanks ({{plain product.name}}) where its place is not known for sure: there {{yaml …}}, {{py …}} and others keep every character.',
  ];
}

function manifestOf(id: string, variables: Variables, files: Readonly<Record<string, string>>) {
  const own = Object.entries(variables).filter(([name]) => !isFact(name) && !name.startsWith('_'));
  const properties = Object.fromEntries(own.map(([name, value]) => [name, schemaOf(value)]));
  return {
    id,
    version: 1,
    title: id,
    description: 'Taken over from a Cookiecutter template.',
    engine: 'none',
    parameters: { type: 'object', properties },
    files,
  };
}

/** A list is a choice whose first is the default (Cookiecutter documentation). */
function schemaOf(value: Variables[string]): object {
  if (Array.isArray(value)) return { type: 'string', enum: value, default: value[0] };
  return { type: typeof value, default: value };
}

async function readVariables(from: string): Promise<Variables> {
  const path = join(from, 'cookiecutter.json');
  try {
    const all = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(path, 'utf8')));
    const asked = Object.entries(all).filter(([name]) => !name.startsWith('_'));
    const plain = asked.map(([name, value]) => [name, withoutJinja(value)]);
    return Variables.parse(Object.fromEntries(plain));
  } catch (cause) {
    throw wrong(`${path} can not be read as Cookiecutter’s variables`, cause);
  }
}

/** A default that is computed from others (`{{ cookiecutter.project_name | lower }}`) is left to the platform. */
function withoutJinja(value: unknown): unknown {
  return typeof value === 'string' && /\{[{%]/.test(value) ? '' : value;
}

async function readSources(from: string): Promise<{ sources: Source[]; skipped: string[] }> {
  const entries = await readdir(from, { withFileTypes: true });
  const root = entries.find((entry) => entry.isDirectory() && /\{\{\s*cookiecutter\./.test(entry.name));
  if (root === undefined) throw wrong(`${from} has no folder named {{cookiecutter.…}}`);
  const base = join(from, root.name);
  const found = await readdir(base, { recursive: true, withFileTypes: true });
  const skipped: string[] = [];
  const sources: Source[] = [];
  for (const entry of found.filter((each) => each.isFile())) {
    const full = join(entry.parentPath, entry.name);
    const path = relative(base, full).split(sep).join('/');
    const [text, { mode }] = await Promise.all([readFile(full, 'utf8'), stat(full)]);
    if (text.includes('\ufffd') || text.includes('\0')) skipped.push(path);
    else sources.push({ path, text, executable: (mode & 0o100) !== 0 });
  }
  return { sources: sources.sort((a, b) => (a.path < b.path ? -1 : 1)), skipped };
}

function wrong(what: string, cause?: unknown): ProvisionerError {
  return new ProvisionerError('CONFIG_INVALID', `${what}.`, { cause });
}
