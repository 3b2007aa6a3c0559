/** In place of the page of a product that never got a home. */
import { listHomeless } from '../../db/homeless.ts';
import { listRuns } from '../../insight/runs.ts';
import { ProductId } from '../../model/ids.ts';
import { homelessCard } from '../homeless.ts';
import type { Page } from '../page.ts';
import type { Sources } from '../sources.ts';
import type { Render } from '../views.ts';
import { runRow } from './runs.ts';

const shown = 12;

/** `null`: our books know nothing of it. */
export async function homelessPage(
  base: string,
  { db }: Sources,
  render: Render,
  asked: unknown,
): Promise<Page | null> {
  const id = ProductId.safeParse(asked);
  if (!id.success) return null;
  const [product] = await listHomeless(db, { id: id.data });
  if (product === undefined) return null;
  const runs = await listRuns(db, { product: product.id }, { after: null, limit: shown });
  return {
    section: 'products',
    title: 'A product without a home',
    crumbs: [{ href: `${base}/products`, label: 'Products' }],
    body: render('homeless', {
      base,
      homeless: [homelessCard(product)],
      runs: runs.items.map(runRow),
      moreRuns: runs.next !== null,
      id: product.id,
      own: true,
    }),
    topics: ['runs', 'products'],
  };
}
