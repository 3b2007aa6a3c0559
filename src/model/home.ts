/** The home of a product: names that are safe in paths, object keys and SQL. */

/** Safe as one path segment and as the first part of an object key; see `homeNameFor`. */
export type HomeName = string & { readonly __brand: 'HomeName' };

const safeHomeName = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9_-])?$/;
/** Names that tools or we ourselves give a meaning to, at the top of the output folder or of the bucket. */
const reserved = new Set(['provisioner-canary', 'provisioner-canary-closed', 'readme.md', 'node_modules']);

/** A prefix that belongs to nobody: every new key is shown to be refused there. */
export const canaryHome = 'provisioner-canary' as HomeName;
/** A second one, to be closed to who may open the first. */
export const closedCanaryHome = 'provisioner-canary-closed' as HomeName;

/** Whether the text can be a home's name: no leading dot or dash, no `..`, no trailing dot, at most 64 characters. */
export function isHomeName(text: string): text is HomeName {
  return safeHomeName.test(text) && !text.includes('..') && !reserved.has(text);
}

/**
 * The names a product's home may get, best first: its namespace when that is safe, else one made of its id; and one
 * with a part of the id, for when another product has (or had, and left data in) the first.
 */
export function homeNamesFor(product: {
  readonly id: string;
  readonly namespace: string;
}): readonly HomeName[] {
  const mark = product.id.slice(0, 8);
  const own = isHomeName(product.namespace) ? product.namespace : `product-${mark}`;
  return [own, `${own.slice(0, 55)}-${mark}`, `product-${product.id}`].filter(isHomeName);
}

/** Object-key prefix of a home, with the slash that keeps `sales` from being a prefix of `sales-eu`. */
export function prefixOf(home: HomeName): string {
  return `${home}/`;
}

/** Object-key prefix below which a home publishes: what consumers are pointed at. */
export function outputPrefixOf(home: HomeName): string {
  return `${home}/output/`;
}

/** Words that name no schema without quotes: those that sqlglot 30, by which SQLMesh reads models, refuses as one. */
const sqlWords = new Set(
  (
    'alter and as between create cross describe distinct drop else except fetch for force from glob grant having ilike in ' +
    'inner insert install intersect into join lateral like match_recognize not notnull on only or out outer partitioned_by ' +
    'positional qualify regexp returning revoke rlike rollback select summarize tablesample then uncache union unnest using values ' +
    'when where with xor'
  ).split(' '),
);

/** The home's name as an unquoted SQL identifier (`sales-leads` → `sales_leads`, `select` → `p_select`). */
export function schemaNameOf(home: HomeName): string {
  const name = home.replace(/[^a-z0-9_]/g, '_');
  return /^[a-z_]/.test(name) && !sqlWords.has(name) ? name : `p_${name}`;
}
