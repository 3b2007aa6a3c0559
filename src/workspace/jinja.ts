/**
 * Cookiecutter's variables → ours. Cookiecutter writes texts as they are: a product called `$(reboot)` would be run. So
 * people's free text gets a helper, and which one a file's ending decides. Pure.
 */

/** Names that Cookiecutter templates commonly use → what a product has for it; below `product` it is people's free text. */
const facts: ReadonlyMap<string, string> = new Map(
  Object.entries({
    project_name: 'product.name',
    name: 'product.name',
    project_slug: 'home.schema',
    repo_name: 'home.name',
    package_name: 'home.schema',
    directory_name: 'home.name',
    description: 'product.description',
    project_short_description: 'product.description',
    domain: 'product.domain',
    bucket: 'home.bucket',
  }),
);

/** Whether a variable of that name is something that a product has. */
export function isFact(name: string): boolean {
  return facts.has(name);
}

export interface Conversion {
  /** The variables that there are. */
  readonly names: ReadonlySet<string>;
  /** Told of each piece of Jinja that can not be taken over. */
  readonly onProblem: (what: string) => void;
}

/** A file's path. */
export function convertName(path: string, conversion: Conversion): string {
  return convert(path, { ...conversion, place: inPath });
}

/** What stands in the file of that path. */
export function convertText(path: string, text: string, conversion: Conversion): string {
  return convert(text, { ...conversion, place: placeIn(path) });
}

/** How people's free text is written. */
interface Place {
  /** `null`: not at all. */
  readonly free: (fact: string) => string | null;
  /** Helper that writes a whole value, quotes included. */
  readonly whole: string | null;
}

type PlacedConversion = Conversion & { readonly place: Place };

const inPath: Place = { free: (fact) => (fact === 'product.name' ? 'home.name' : null), whole: null };

const wholeValues: Readonly<Record<string, string>> = {
  yaml: 'yaml',
  yml: 'yaml',
  json: 'yaml',
  toml: 'toml',
};

function placeIn(path: string): Place {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  if (ending === 'md') return { free: (fact) => `line ${fact}`, whole: null };
  // Whether it stands in quotes already or not: it is one word, or part of one.
  if (ending === 'sh') return { free: (fact) => `sh (plain ${fact})`, whole: null };
  return { free: (fact) => `plain ${fact}`, whole: wholeValues[ending] ?? null };
}

const raw = /\{%-?\s*raw\s*-?%\}([\s\S]*?)\{%-?\s*endraw\s*-?%\}/g;
const variable = /^\{\{-?\s*cookiecutter\.(\w+)\s*-?\}\}$/;
const jinja = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\{#[\s\S]*?#\}/;
/** A variable as the one quoted text of a line with one key: only there are its quotes the outer ones for sure. */
const wholeValue =
  /^([ \t]*(?:- )?"?[\w.-]+"?[ \t]*[:=][ \t]*)(["'])(\{\{[^{}]+\}\})\2(?=[ \t]*,?[ \t]*\r?$)/;
const either = new RegExp(`${wholeValue.source}|${jinja.source}`, 'gm');

function convert(text: string, conversion: PlacedConversion): string {
  const parts: string[] = [];
  let from = 0;
  for (const match of text.matchAll(raw)) {
    parts.push(convertJinja(text.slice(from, match.index), conversion), literal(match[1] ?? ''));
    from = match.index + match[0].length;
  }
  parts.push(convertJinja(text.slice(from), conversion));
  return parts.join('');
}

function convertJinja(text: string, conversion: PlacedConversion): string {
  return text.replace(either, (found: string, before?: string, quote?: string, value?: string) => {
    if (before === undefined || value === undefined) return convertOne(found, conversion);
    const { whole } = conversion.place;
    const fact = factOf(value, conversion);
    if (whole !== null && isFreeText(fact)) return `${before}{{${whole} ${fact}}}`;
    return `${before}${quote}${convertOne(value, conversion)}${quote}`;
  });
}

function convertOne(found: string, conversion: PlacedConversion): string {
  if (found.startsWith('{#')) return '';
  const fact = factOf(found, conversion);
  const written = isFreeText(fact) ? conversion.place.free(fact) : fact;
  if (written !== null) return `{{${written}}}`;
  conversion.onProblem(found.replace(/\s+/g, ' '));
  return found;
}

/** What of ours it names; `null`: it is more than a variable, or an unknown one. */
function factOf(found: string, { names }: PlacedConversion): string | null {
  const name = variable.exec(found)?.[1];
  if (name === undefined || !names.has(name)) return null;
  return facts.get(name) ?? `parameters.${name}`;
}

function isFreeText(fact: string | null): fact is string {
  return fact?.startsWith('product.') ?? false;
}

/** Braces that belong to another tool. */
function literal(text: string): string {
  return text.replaceAll('{{', '\\{{');
}
