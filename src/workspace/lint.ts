/** Finds what is wrong with a template before a product does: renders it for odd products and parses what comes out. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asProvisionerError } from '../model/errors.ts';
import type { Parameters } from './manifest.ts';
import { parseProblems } from './parse-check.ts';
import { isSet, type RenderedFile, renderTemplate } from './render.ts';
import { plainProduct, sampleProducts } from './samples.ts';
import { sqlProblems } from './sql-check.ts';
import { helperNames, loadTemplate, type Template } from './template.ts';
import { anything, unknownVariables } from './variables.ts';

export interface Finding {
  /** File in the rendered workspace, or of the template itself. */
  readonly file: string;
  readonly problem: string;
}

export interface LintResult {
  readonly findings: readonly Finding[];
  /** What was not looked at, and what would be better; nothing is wrong by it. */
  readonly notes: readonly string[];
}

/** Never throws: what can not be loaded is a finding too. */
export async function lintTemplate(folder: string): Promise<LintResult> {
  let template: Template;
  try {
    template = await loadTemplate(folder);
  } catch (thrown) {
    return { findings: [{ file: folder, problem: asProvisionerError(thrown).message }], notes: [] };
  }
  const own = await secretsInManifest(folder);
  // What does not render has no SQL to look at, and is a finding already.
  const sql = await sqlFindings(template).catch(() => ({ findings: [], notes: [] }));
  const findings = [...lintLoaded(template), ...own, ...sql.findings];
  return {
    findings: unique(findings),
    notes: [...sql.notes, ...acceptanceNotes(template)],
  };
}

/** What shows without running anything, for a template that could be loaded. */
export function lintLoaded(template: Template): readonly Finding[] {
  const rendered = casesOf(template).flatMap((each) => {
    try {
      return renderCase(template, each).flatMap((file) => findingsIn(file, each.name));
    } catch (thrown) {
      return [{ file: template.id, problem: `${asProvisionerError(thrown).message} (${each.name})` }];
    }
  });
  return unique([...rendered, ...unknownIn(template), ...missing(template), ...lostCommands(template)]);
}

interface Case {
  readonly name: string;
  readonly product: typeof plainProduct;
  /** Parameters that have other values than their defaults. */
  readonly given: Parameters;
}

/** Every sample product with the defaults, and a plain one with each value that a parameter can have. */
function casesOf(template: Template): readonly Case[] {
  const samples = Object.entries(sampleProducts).map(([name, product]) => ({ name, product, given: {} }));
  const others = Object.entries(template.choices).flatMap(([parameter, values]) =>
    values.map((value) => ({
      name: `with ${parameter}: ${JSON.stringify(value)}`,
      product: plainProduct,
      given: { [parameter]: value },
    })),
  );
  return [...samples, ...others];
}

function renderCase(template: Template, { product, given }: Case): readonly RenderedFile[] {
  return renderTemplate(template, { ...product, parameters: template.parameters(given) });
}

/** Also where no case comes by: a variable that there is none of is an error for the first product that does. */
function unknownIn(template: Template): Finding[] {
  const root = {
    ...plainProduct,
    parameters: Object.fromEntries(Object.keys(template.choices).map((name) => [name, anything])),
    template: { id: template.id, version: template.version },
  };
  return template.files.flatMap(({ path, programs }) =>
    programs.flatMap((program) =>
      unknownVariables(program, root, helperNames).map((name) => ({
        file: path,
        problem: `it uses ${name}, which there is not`,
      })),
    ),
  );
}

/** Files that were never rendered here. */
function unseenNotes(template: Template): string[] {
  const seen = new Set(
    casesOf(template).flatMap(({ given }) =>
      Object.entries(template.parameters(given)).flatMap(([name, value]) => (isSet(value) ? [name] : [])),
    ),
  );
  const unseen = template.files.filter(({ when }) => when !== null && !seen.has(when));
  return unseen.map(
    ({ path, when }) =>
      `${path} was not looked at: give the parameter ${when} \`examples\` with which it is there`,
  );
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

/** Commands of `acceptance` that name a file of the workspace by `./`. */
function lostCommands({ acceptance, files }: Template): Finding[] {
  return acceptance.flatMap((command) => {
    const path = /^\.\/(\S+)/.exec(command)?.[1];
    if (path === undefined || files.some((file) => file.path === path && file.executable)) return [];
    const problem = `\`acceptance\` runs ${command}, but ${path} is not there or not executable`;
    return [{ file: 'template.yaml', problem }];
  });
}

function acceptanceNotes({ acceptance }: Template): string[] {
  return acceptance.length > 0
    ? []
    : ['no `acceptance` in template.yaml: no command shows that a new workspace works'];
}

async function sqlFindings(template: Template): Promise<LintResult> {
  const plain = casesOf(template).filter(({ product }) => product === plainProduct);
  const files = plain.flatMap((each) => renderCase(template, each));
  const sql = [...new Map(files.map((file) => [`${file.path} ${file.digest}`, file])).values()].filter(
    ({ path }) => path.endsWith('.sql'),
  );
  const unseen = unseenNotes(template);
  if (sql.length === 0) return { findings: [], notes: unseen };
  const problems = await sqlProblems(sql);
  if (problems === null)
    return {
      findings: [],
      notes: [...unseen, 'SQL was not checked: that needs a Python with sqlglot on the PATH'],
    };
  const findings = sql.flatMap(({ path }, index) => {
    const problem = problems[index] ?? null;
    return problem === null ? [] : [{ file: path, problem: `it is no SQL: ${problem}` }];
  });
  return { findings, notes: unseen };
}

const secrets: readonly (readonly [what: string, form: RegExp])[] = [
  ['an access key', /\b(AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['a token', /\b(gh[pousr]_|github_pat_|glpat-|xox[abpr]-|hvs\.)[A-Za-z0-9_-]{16,}/],
  ['a token', /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\./],
  ['a password in an address', /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@{}$<>'"]+:[^\s:/@{}$<>'"]{6,}@/],
  ['a password', /\b(password|passwd|secret|token|secret_key)\b["']?\s*[:=]\s*["'][^"'\s{}$<>]{8,}["']/i],
];

function findingsIn({ path, content }: RenderedFile, name: string): Finding[] {
  return [...parseProblems(path, content), ...secretProblems(content)].map((problem) => ({
    file: path,
    problem: `${problem} (${name})`,
  }));
}

function secretProblems(text: string): string[] {
  return secrets.filter(([, form]) => form.test(text)).map(([what]) => `it seems to hold ${what}`);
}

/** A parameter's default is no place for one either. */
async function secretsInManifest(folder: string): Promise<Finding[]> {
  const text = await readFile(join(folder, 'template.yaml'), 'utf8').catch(() => '');
  return secretProblems(text).map((problem) => ({ file: 'template.yaml', problem }));
}

/** What is wrong for every product is told of the first. */
function unique(findings: readonly Finding[]): Finding[] {
  const known = new Set<string>();
  return findings.filter(({ file, problem }) => {
    const what = `${file}\n${problem.replace(/ \([^()]*\)$/, '')}`;
    if (known.has(what)) return false;
    known.add(what);
    return true;
  });
}
