/** The list of products: found by text, filtered, in one of three orders, page by page. */
import { type Kysely, sql as raw, type SelectQueryBuilder } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../db/tables.ts';
import type { Condition } from '../model/condition.ts';
import { ProductId } from '../model/ids.ts';
import { type Headline, headlineOf, type ProductState, rankOf } from './headline.ts';
import { cursorOf, type Page, type Slice, toPage } from './page.ts';

/** One line of the list. */
export interface ProductLine {
  readonly id: ProductId;
  readonly name: string;
  readonly namespace: string;
  readonly home: string;
  readonly state: ProductState;
  readonly headline: Headline;
  readonly conditions: readonly Condition[];
  /** `<id>@<version>` that the workspace was last rendered from. */
  readonly template: string | null;
  readonly pausedAt: Date | null;
  readonly pausedBy: string | null;
  /** When our books on it last changed. */
  readonly updatedAt: Date;
}

/** What is left out narrows nothing. */
export interface ProductFilter {
  /** Part of the name, the namespace or the home's name, in any case; or a whole id. */
  readonly search?: string | undefined;
  /** The whole name, namespace or home's name. */
  readonly named?: string | undefined;
  /** A condition of this type that holds, headline or not … */
  readonly condition?: Condition['type'] | undefined;
  /** … and for this reason. */
  readonly reason?: string | undefined;
  readonly state?: ProductState | undefined;
  readonly paused?: boolean | undefined;
  /** Id of a template, with or without `@<version>`. */
  readonly template?: string | undefined;
}

/** `name` upwards; `updated` newest first; `condition`: what needs a person first. */
export const productSorts = ['name', 'updated', 'condition'] as const;
export type ProductSort = (typeof productSorts)[number];

const cursorForms = {
  name: z.tuple([z.literal('name'), z.string(), z.guid()]),
  updated: z.tuple([z.literal('updated'), z.iso.datetime(), z.guid()]),
  condition: z.tuple([z.literal('condition'), z.int().min(0).max(9), z.string(), z.guid()]),
};
/** Cursor of the list in any of its orders; it fits only the order that it came from. */
export const ProductCursor = cursorOf(z.union(Object.values(cursorForms)));
export type ProductCursor = z.infer<typeof ProductCursor>;

/** Columns of a line: never `files`, which is long. */
const columns = [
  'id',
  'name',
  'namespace',
  'home',
  'state',
  'conditions',
  'template',
  'paused_at',
  'paused_by',
  'updated_at',
] as const;

type Row = Awaited<ReturnType<typeof selectLines>>[number];
type Query = SelectQueryBuilder<Tables, 'product', object>;

/** @param slice its cursor must come from a list with the same sort, else the list begins at its start */
export async function listProducts(
  db: Kysely<Tables>,
  filter: ProductFilter,
  sort: ProductSort,
  slice: Slice<ProductCursor>,
): Promise<Page<ProductLine>> {
  const query = ordered(filtered(db.selectFrom('product'), filter), sort, slice.after);
  const rows = await selectLines(query.limit(slice.limit + 1));
  return toPage(rows, slice.limit, (row) => cursorAt(row, sort), toLine);
}

function selectLines(query: Query) {
  return query
    .select(columns)
    .select([rankOf.as('rank'), raw<string>`lower(name)`.as('key')])
    .execute();
}

export function toLine(row: Pick<Row, (typeof columns)[number]>): ProductLine {
  return {
    id: row.id,
    name: row.name,
    namespace: row.namespace,
    home: row.home,
    state: row.state,
    headline: headlineOf(row.conditions),
    conditions: row.conditions,
    template: row.template,
    pausedAt: row.paused_at,
    pausedBy: row.paused_by,
    updatedAt: row.updated_at,
  };
}

function filtered(query: Query, filter: ProductFilter): Query {
  let found = query;
  const { search, named, condition, reason, state, paused, template } = filter;
  if (search !== undefined && search !== '') found = found.where(matching(search));
  if (named !== undefined) {
    found = found.where((on) =>
      on.or([on('name', '=', named), on('namespace', '=', named), on('home', '=', named)]),
    );
  }
  if (condition !== undefined || reason !== undefined) {
    const wanted = JSON.stringify([
      {
        status: true,
        ...(condition === undefined ? {} : { type: condition }),
        ...(reason === undefined ? {} : { reason }),
      },
    ]);
    found = found.where(raw<boolean>`conditions @> cast(${wanted} as jsonb)`);
  }
  if (state !== undefined) found = found.where('state', '=', state);
  if (paused !== undefined) found = found.where('paused_at', paused ? 'is not' : 'is', null);
  if (template !== undefined) {
    found = found.where((on) =>
      on.or([on('template', '=', template), on(raw`split_part(template, '@', 1)`, '=', template)]),
    );
  }
  return found;
}

function matching(search: string) {
  const id = ProductId.safeParse(search.trim());
  if (id.success) return raw<boolean>`id = ${id.data}`;
  const pattern = `%${search.trim().replace(/[\\%_]/g, (special) => `\\${special}`)}%`;
  return raw<boolean>`(name ilike ${pattern} or namespace ilike ${pattern} or home ilike ${pattern})`;
}

function ordered(query: Query, sort: ProductSort, after: ProductCursor | null): Query {
  const key = raw<string>`lower(name)`;
  switch (sort) {
    case 'name': {
      const from =
        after?.[0] === 'name'
          ? query.where(raw<boolean>`(lower(name), id) > (${after[1]}, ${after[2]})`)
          : query;
      return from.orderBy(key).orderBy('id');
    }
    case 'updated': {
      const from =
        after?.[0] === 'updated'
          ? query.where(raw<boolean>`(updated_at, id) < (cast(${after[1]} as timestamptz), ${after[2]})`)
          : query;
      return from.orderBy('updated_at', 'desc').orderBy('id', 'desc');
    }
    case 'condition': {
      const from =
        after?.[0] === 'condition'
          ? query.where(raw<boolean>`(${rankOf}, lower(name), id) > (${after[1]}, ${after[2]}, ${after[3]})`)
          : query;
      return from.orderBy(rankOf).orderBy(key).orderBy('id');
    }
  }
}

function cursorAt(row: Row, sort: ProductSort): readonly unknown[] {
  switch (sort) {
    case 'name':
      return [sort, row.key, row.id];
    case 'updated':
      return [sort, row.updated_at, row.id];
    case 'condition':
      return [sort, row.rank, row.key, row.id];
  }
}
