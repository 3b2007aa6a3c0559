/** The templates that there are, and which of them a product gets. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProvisionerError } from '../model/errors.ts';
import type { Product } from '../model/product.ts';
import type { Parameters } from './manifest.ts';
import { loadTemplate, type Template } from './template.ts';

/** A template with the values that it is rendered with. */
export interface TemplateChoice {
  readonly template: Template;
  readonly parameters: Parameters;
}

/** Fits a product when all that it names does. */
export interface TemplateRule {
  readonly type?: string | undefined;
  readonly domain?: string | undefined;
  readonly tag?: string | undefined;
  readonly template: string;
}

export interface Catalogue {
  readonly choices: ReadonlyMap<string, TemplateChoice>;
  readonly rules: readonly TemplateRule[];
  /** What a product gets that no rule fits. */
  readonly fallback: TemplateChoice;
}

/** Setting of a product in the portal that names its template. */
const templateSetting = 'workspace_template';

export interface CatalogueOptions {
  /** Folder of the fallback; templates beside it can be had by their ids. */
  readonly fallback: string;
  /** Name → folder of further templates; the platform may call one otherwise than it calls itself. */
  readonly folders: Readonly<Record<string, string>>;
  readonly rules: readonly TemplateRule[];
  /** Name → values that the platform sets. */
  readonly parameters: Readonly<Record<string, Parameters>>;
}

/**
 * Loads every template and checks that rules and parameters lead somewhere.
 *
 * @throws ProvisionerError `TEMPLATE_INVALID`, `CONFIG_INVALID`
 */
export async function loadCatalogue(options: CatalogueOptions): Promise<Catalogue> {
  const choices = new Map<string, TemplateChoice>();
  const add = (template: Template, name = template.id) => {
    const choice = { template, parameters: template.parameters(options.parameters[name] ?? {}) };
    choices.set(name, choice);
    return choice;
  };
  for (const folder of await foldersBeside(options.fallback)) add(await loadTemplate(folder));
  for (const [name, folder] of Object.entries(options.folders)) add(await loadTemplate(folder), name);
  const fallback = add(await loadTemplate(options.fallback));
  const known = [...choices.keys()].sort().join(', ');
  for (const { template } of options.rules)
    if (!choices.has(template)) throw wrong(`a rule names the template ${template}; there are: ${known}`);
  for (const id of Object.keys(options.parameters))
    if (!choices.has(id)) throw wrong(`parameters are set for the template ${id}; there are: ${known}`);
  return { choices, rules: options.rules, fallback };
}

/**
 * The product's own setting first, then the first rule that fits, then the setting's default in the portal, then the
 * fallback. Words are compared as people read them: without case.
 *
 * @throws ProvisionerError `TEMPLATE_INVALID` when the setting names none
 */
export function chooseTemplate(
  catalogue: Catalogue,
  product: Pick<Product, 'type' | 'domain' | 'tags' | 'settings' | 'settingDefaults'>,
): TemplateChoice {
  const rule = catalogue.rules.find((each) => fits(each, product));
  return (
    ownChoice(catalogue, product.settings[templateSetting]?.trim() ?? '') ??
    (rule === undefined ? undefined : catalogue.choices.get(rule.template)) ??
    // Nobody chose it for this product: a default that names none of ours is passed over.
    catalogue.choices.get(product.settingDefaults[templateSetting]?.trim() ?? '') ??
    catalogue.fallback
  );
}

function ownChoice({ choices }: Catalogue, wanted: string): TemplateChoice | undefined {
  if (wanted === '') return undefined;
  const choice = choices.get(wanted);
  if (choice !== undefined) return choice;
  const known = [...choices.keys()].sort().join(', ');
  throw new ProvisionerError(
    'TEMPLATE_INVALID',
    `The product’s setting ${templateSetting} is ${JSON.stringify(wanted)}; there are: ${known}.`,
  );
}

/** Whether a product is what a rule names; what the rule leaves out fits all. Words are compared without case. */
export function fits(
  rule: Omit<TemplateRule, 'template'>,
  product: Pick<Product, 'type' | 'domain' | 'tags'>,
): boolean {
  const same = (wanted: string | undefined, words: readonly string[]) =>
    wanted === undefined || words.some((word) => word.toLowerCase() === wanted.toLowerCase());
  return (
    same(rule.type, [product.type]) && same(rule.domain, [product.domain]) && same(rule.tag, product.tags)
  );
}

async function foldersBeside(fallback: string): Promise<string[]> {
  const parent = dirname(fallback);
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(parent, entry.name));
  const listings = await Promise.all(
    folders.map(async (folder) => ((await readdir(folder)).includes('template.yaml') ? [folder] : [])),
  );
  return listings.flat().sort();
}

function wrong(what: string): ProvisionerError {
  return new ProvisionerError('CONFIG_INVALID', `The platform file is not usable: ${what}.`);
}
