/** One product: how it stands, its home and keys, whom it reads and who reads it, what was done, what can be ordered. */
import type { Request } from 'express';
import { findProductDetail, type ProductDetail } from '../../insight/product.ts';
import { listRuns } from '../../insight/runs.ts';
import { ProductId } from '../../model/ids.ts';
import { ordersOf } from '../orders.ts';
import type { Page } from '../page.ts';
import { remedyOf } from '../remedies.ts';
import type { Sources } from '../sources.ts';
import { badgeOf, type Tone } from '../standing.ts';
import type { Render } from '../views.ts';
import type { Visitor } from '../visitor.ts';
import { filesOf } from './files.ts';
import { homelessPage } from './homeless.ts';
import { runRow } from './runs.ts';

/** Rows of each table on the page; the whole list is behind a link. */
const shown = 12;

/** `null`: our books have no such product. */
export async function findDetail({ db }: Sources, id: unknown): Promise<ProductDetail | null> {
  const parsed = ProductId.safeParse(id);
  return parsed.success ? findProductDetail(db, parsed.data) : null;
}

export async function productPage(
  base: string,
  sources: Sources,
  render: Render,
  visitor: Visitor,
  request: Request,
): Promise<Page | null> {
  const product = await findDetail(sources, request.params.id);
  if (product === null) return homelessPage(base, sources, render, request.params.id);
  const [runs, files] = await Promise.all([
    listRuns(sources.db, { product: product.id }, { after: null, limit: shown }),
    filesOf(base, sources, product, ''),
  ]);
  return {
    section: 'products',
    title: product.name,
    crumbs: [{ href: `${base}/products`, label: 'Products' }],
    body: render('product', {
      base,
      ...product,
      badge: badgeOf(product),
      said: product.conditions.map((condition) => ({
        ...condition,
        tone: toneOf(condition.type, condition.status),
        remedy: remedyOf(condition.reason),
      })),
      keys: product.keys.map((key) => ({ ...key, word: keyWords[key.state] })),
      editors: product.state === 'live' ? sources.editorsOf(product.home) : [],
      inputs: partiesOf(product.inputs, 'provider'),
      consumers: partiesOf(product.consumers, 'consumer'),
      runs: runs.items.map(runRow),
      own: true,
      moreRuns: runs.next !== null,
      orders: ordersOf(product, visitor),
    }),
    after: render('product-after', {
      base,
      id: product.id,
      name: product.name,
      files,
      retired: product.state === 'retired',
    }),
    topics: ['product', 'estate'],
    watch: [product.id],
  };
}

const keyWords = {
  issued: 'Made, nobody has it yet',
  current: 'In use',
  grace: 'Replaced, ends soon',
} as const;

function toneOf(type: string, status: boolean): Tone {
  if (type === 'Degraded') return 'bad';
  if (type === 'Notice') return 'note';
  if (type === 'Progressing') return 'busy';
  return status ? 'good' : 'gone';
}

function partiesOf(grants: ProductDetail['inputs'], side: 'provider' | 'consumer') {
  return {
    rows: grants.slice(0, shown).map((grant) => ({
      id: grant[side].id,
      name: grant[side].name ?? grant[side].id,
      home: grant[side].home,
      since: grant.since,
      provenAt: grant.keyProvenAt,
      port: grant.outputPort,
      known: grant.outputPortName !== null,
      outputPortName: grant.outputPortName,
      validUntil: grant.validUntil,
    })),
    count: grants.length,
    more: grants.length > shown,
  };
}
