/** The list of products. */
import type { Request } from 'express';
import { countHomeless } from '../../db/homeless.ts';
import { headlines, productStates } from '../../insight/headline.ts';
import { listProducts, type ProductLine, type ProductSort } from '../../insight/products.ts';
import { addressWith, askedOf, nextAddress, ProductsAsked, rowsOfPage } from '../asked.ts';
import type { Page } from '../page.ts';
import type { Sources } from '../sources.ts';
import { badgeOf } from '../standing.ts';
import type { Render } from '../views.ts';

const sorts: readonly { readonly key: ProductSort; readonly label: string; readonly order: string }[] = [
  { key: 'name', label: 'Product', order: 'ascending' },
  { key: 'condition', label: 'Condition', order: 'ascending' },
  { key: 'updated', label: 'Changed', order: 'descending' },
];

export async function productsPage(
  base: string,
  { db }: Sources,
  render: Render,
  request: Request,
): Promise<Page> {
  const asked = askedOf(ProductsAsked, request);
  const filter = {
    search: asked.q,
    condition: asked.condition,
    reason: asked.reason,
    state: asked.state,
    paused: asked.paused === undefined ? undefined : true,
  };
  const after = asked.after ?? null;
  const { items, next } = await listProducts(db, filter, asked.sort, { after, limit: rowsOfPage });
  const narrowed = Object.values(filter).some((value) => value !== undefined && value !== '');
  return {
    section: 'products',
    title: 'Products',
    controls: render('products-filter', {
      base,
      q: asked.q ?? '',
      reason: asked.reason,
      paused: asked.paused !== undefined,
      narrowed,
      sort: asked.sort,
      conditions: choices(headlines, asked.condition),
      states: choices(productStates, asked.state),
    }),
    body: render('products', {
      base,
      narrowed,
      homeless: items.length === 0 ? await countHomeless(db) : 0,
      products: items.map((product) => ({
        ...product,
        badge: badgeOf(product),
        message: messageOf(product),
      })),
      columns: Object.fromEntries(
        sorts.map(({ key, label, order }) => [
          key,
          {
            label,
            href: addressWith(request, { sort: key, after: null }),
            order: asked.sort === key ? order : null,
          },
        ]),
      ),
      pager: {
        count: items.length,
        size: rowsOfPage,
        next: nextAddress(request, next),
        first: after === null ? null : addressWith(request, { after: null }),
      },
    }),
    topics: ['products'],
  };
}

/** What the badge does not say yet: nothing where all is well. */
function messageOf({ headline, state, conditions }: ProductLine): string | null {
  if (headline === 'Ready' && state === 'live') return null;
  return conditions[0]?.message ?? 'It was not looked at yet.';
}

/** Options of a select, with the one that counts marked. */
export function choices(values: readonly string[], chosen: string | undefined) {
  return values.map((value) => ({
    value,
    label: `${value.charAt(0).toUpperCase()}${value.slice(1)}`,
    chosen: value === chosen,
  }));
}
