/** Who reads what; and, for two products, why the one can or can not read the other. */
import type { Request } from 'express';
import { readBrake } from '../../db/brake.ts';
import { type HomelessProduct, listHomeless } from '../../db/homeless.ts';
import { GrantCursor, listGrants } from '../../insight/grants.ts';
import { findProductDetail, type ProductDetail } from '../../insight/product.ts';
import { listProducts } from '../../insight/products.ts';
import { ProductId } from '../../model/ids.ts';
import { AccessAsked, addressWith, askedOf, nextAddress, rowsOfPage } from '../asked.ts';
import { homelessCard } from '../homeless.ts';
import type { Page } from '../page.ts';
import type { Sources } from '../sources.ts';
import type { Render } from '../views.ts';
import { type AccessFacts, explainAccess } from '../why.ts';
import { requestsOf } from './asked.ts';

/** What a text for a product comes to. */
interface Found {
  readonly text: string;
  readonly product: ProductDetail | null;
  readonly candidates: readonly { readonly id: string; readonly name: string; readonly home: string }[];
  /** Where no product fits: those that never got a home, of which the text may mean one. */
  readonly homeless: readonly HomelessProduct[];
}

/** Products offered when a text fits several. */
const offered = 8;

async function find({ db }: Sources, text = ''): Promise<Found> {
  const nothing = { text, product: null, candidates: [], homeless: [] };
  if (text === '') return nothing;
  const { items } = await listProducts(db, { search: text }, 'name', { after: null, limit: offered });
  const wanted = text.toLowerCase();
  const same = items.filter(({ name, home }) => name.toLowerCase() === wanted || home === wanted);
  const [only] = items.length === 1 ? items : same.length === 1 ? same : [];
  if (only !== undefined) return { ...nothing, product: await findProductDetail(db, only.id) };
  if (items.length > 0) return { ...nothing, candidates: items };
  // Their names are not known before they have a home: only an id says which.
  const id = ProductId.safeParse(text).data;
  return {
    ...nothing,
    homeless: await listHomeless(db, { limit: offered, ...(id === undefined ? {} : { id }) }),
  };
}

export async function accessPage(
  base: string,
  sources: Sources,
  render: Render,
  request: Request,
): Promise<Page> {
  const asked = askedOf(AccessAsked, request);
  const [reader, source] = await Promise.all([find(sources, asked.reader), find(sources, asked.source)]);
  const controls = render('access-question', {
    base,
    reader: reader.product?.name ?? reader.text,
    source: source.product?.name ?? source.text,
    choices: [choice(request, 'reader', reader), choice(request, 'source', source)].filter(
      (one) => one !== null,
    ),
  });
  if (reader.product !== null && source.product !== null)
    return explanation(base, sources, render, controls, reader.product, source.product);
  const list = await grantsBody(base, sources, render, request, reader, source);
  return {
    section: 'access',
    title: 'Who reads what',
    lead: 'Access in force. With two products: why the one can, or can not, read the other.',
    controls,
    body: list,
    topics: ['access'],
  };
}

function choice(request: Request, side: 'reader' | 'source', { text, product, candidates, homeless }: Found) {
  if (text === '' || product !== null || homeless.length > 0) return null;
  return {
    text,
    side: side === 'reader' ? 'the product that reads' : 'the product that is read',
    links: candidates.map(({ id, name, home }) => ({
      name,
      home,
      href: addressWith(request, { [side]: id, after: null }),
    })),
  };
}

async function grantsBody(
  base: string,
  { db }: Sources,
  render: Render,
  request: Request,
  reader: Found,
  source: Found,
) {
  const filter = { consumer: reader.product?.id, provider: source.product?.id };
  const after = GrantCursor.safeParse(request.query.after).data ?? null;
  const undecided = [reader, source].some(({ text, product }) => text !== '' && product === null);
  const homeless = [...reader.homeless, ...source.homeless].map(homelessCard);
  if (homeless.length > 0) {
    const once = new Map(homeless.map((card) => [card.id, card]));
    return render('access-homeless', { base, homeless: [...once.values()] });
  }
  if (undecided)
    return render('message', {
      says: 'Choose a product above, or write more of its name.',
      href: `${base}/access`,
      label: 'Begin anew',
    });
  const { items, next } = await listGrants(db, filter, { after, limit: rowsOfPage });
  return render('grants', {
    base,
    narrowed: filter.consumer !== undefined || filter.provider !== undefined,
    grants: items.map(({ consumer, provider, ...grant }) => ({
      ...grant,
      known: grant.outputPortName !== null,
      consumer: { ...consumer, name: consumer.name ?? consumer.id },
      provider: { ...provider, name: provider.name ?? provider.id },
    })),
    pager: {
      count: items.length,
      size: rowsOfPage,
      next: nextAddress(request, next),
      first: after === null ? null : addressWith(request, { after: null }),
    },
  });
}

async function explanation(
  base: string,
  sources: Sources,
  render: Render,
  controls: Page['body'],
  reader: ProductDetail,
  source: ProductDetail,
): Promise<Page> {
  const [asked, pause, brake] = await Promise.all([
    requestsOf(sources, reader),
    sources.db.selectFrom('estate_pause').select('at').executeTakeFirst(),
    readBrake(sources.db),
  ]);
  const facts: AccessFacts = {
    reader,
    source,
    asked,
    estatePaused: pause !== undefined,
    now: sources.clock(),
  };
  const found = explainAccess(facts);
  return {
    section: 'access',
    title: `Can ${reader.name} read ${source.name}?`,
    crumbs: [
      { href: `${base}/products/${reader.id}`, label: reader.name },
      { href: `${base}/access?reader=${reader.id}`, label: 'What it reads' },
    ],
    body: render('explanation', {
      base,
      ...found,
      tone: found.access === true ? 'good' : found.access === null ? 'note' : 'bad',
      word: found.access === true ? 'Can read' : found.access === null ? 'Not known' : 'Can not read',
      checks: found.checks.map((check) => ({
        ...check,
        sign: { yes: 'Yes', no: 'No', unknown: 'Not known' }[check.verdict],
        place: check.at === 'reader' ? reader : check.at === 'source' ? source : null,
      })),
      reader,
      source,
      brake,
    }),
    after: controls,
    topics: ['product', 'estate'],
    watch: [reader.id, source.id],
  };
}
