/** Finds what is wrong with a template before a product does: renders it for odd products and parses what comes out. */
import { parseAllDocuments } from 'yaml';
import { asProvisionerError } from '../model/errors.ts';
import { type RenderedFile, renderTemplate } from './render.ts';
import { sampleProducts } from './samples.ts';
import { loadTemplate, type Template } from './template.ts';

export interface Finding {
  /** File in the rendered workspace, or the template itself. */
  readonly file: string;
  readonly problem: string;
}

/** Never throws: what can not be loaded is a finding too. */
export async function lintTemplate(folder: string): Promise<readonly Finding[]> {
  let template: Template;
  try {
    template = await loadTemplate(folder);
  } catch (thrown) {
    return [{ file: folder, problem: asProvisionerError(thrown).message }];
  }
  return lintLoaded(template);
}

/** The same for a template that could be loaded. */
export function lintLoaded(template: Template): readonly Finding[] {
  const found = Object.entries(sampleProducts).flatMap(([name, product]) => {
    try {
      const files = renderTemplate(template, { ...product, parameters: template.parameters({}) });
      return files
        .flatMap(findingsIn)
        .map(({ file, problem }) => ({ file, problem: `${problem} (${name})` }));
    } catch (thrown) {
      return [{ file: template.id, problem: `${asProvisionerError(thrown).message} (${name})` }];
    }
  });
  return [...found, ...missing(template)];
}

/** What every workspace needs to be of use. */
function missing(template: Template): Finding[] {
  const paths = new Set(template.files.map(({ path }) => path));
  const needed = {
    'README.md': 'there is none: people open the folder and find nothing that explains it',
    '.gitignore': 'there is none: what tools make would be committed',
  };
  return Object.entries(needed)
    .filter(([path]) => !paths.has(path))
    .map(([file, problem]) => ({ file, problem }));
}

const secrets: readonly (readonly [what: string, form: RegExp])[] = [
  ['an access key', /\b(AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['a password', /\b(password|passwd|secret|token)\b["']?\s*[:=]\s*["'][^"'\s{}$<>]{8,}["']/i],
];

function findingsIn({ path, content }: RenderedFile): Finding[] {
  const problems = [...parseProblems(path, content)];
  for (const [what, form] of secrets) if (form.test(content)) problems.push(`it seems to hold ${what}`);
  return problems.map((problem) => ({ file: path, problem }));
}

function parseProblems(path: string, content: string): string[] {
  if (/\.ya?ml$/.test(path)) {
    const problems = parseAllDocuments(withoutJinja(content)).flatMap(({ errors }) =>
      errors.map(({ message }) => message),
    );
    return problems.map((message) => `it is no YAML: ${firstLine(message)}`);
  }
  if (!path.endsWith('.json')) return [];
  try {
    JSON.parse(content);
    return [];
  } catch (error) {
    return [`it is no JSON: ${firstLine(error instanceof Error ? error.message : '')}`];
  }
}

/** Tools of the workspace fill in their own Jinja before they read a file. */
function withoutJinja(text: string): string {
  return text.replace(/\{\{.*?\}\}/g, '0').replace(/\{%.*?%\}/g, '');
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
