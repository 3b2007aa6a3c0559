/** Whether a rendered file is what its name says: YAML, TOML or JSON. Pure. */
import { parse as parseToml } from 'smol-toml';
import { parseAllDocuments } from 'yaml';

/** One line for each thing that is wrong; nothing for files of other kinds. */
export function parseProblems(path: string, content: string): readonly string[] {
  if (/\.ya?ml$/.test(path))
    return parseAllDocuments(withoutJinja(content)).flatMap(({ errors }) =>
      errors.map(({ message }) => `it is no YAML: ${firstLine(message)}`),
    );
  if (path.endsWith('.toml')) return thrownBy('TOML', () => parseToml(withoutJinja(content)));
  if (path.endsWith('.json')) return thrownBy('JSON', () => JSON.parse(content));
  return [];
}

/** Tools of the workspace fill in their own Jinja before they read a file. */
function withoutJinja(text: string): string {
  return text.replace(/\{\{.*?\}\}/g, '0').replace(/\{%.*?%\}/g, '');
}

function thrownBy(language: string, parse: () => unknown): string[] {
  try {
    parse();
    return [];
  } catch (error) {
    return [`it is no ${language}: ${firstLine(error instanceof Error ? error.message : '')}`];
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
