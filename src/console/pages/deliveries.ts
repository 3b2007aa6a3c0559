/** The list of deliveries, and one delivery with what came of it. */
import type { Request } from 'express';
import { z } from 'zod';
import { findDelivery, listDeliveries } from '../../insight/deliveries.ts';
import { findNodes } from '../../insight/neighbours.ts';
import { listRuns } from '../../insight/runs.ts';
import { addressWith, askedOf, DeliveriesAsked, dayOf, nextAddress, rowsOfPage } from '../asked.ts';
import type { Page } from '../page.ts';
import type { Sources } from '../sources.ts';
import { verdictBadges } from '../standing.ts';
import type { Render } from '../views.ts';
import { may, type Visitor } from '../visitor.ts';
import { choices } from './products.ts';
import { runRow } from './runs.ts';

/** Products that a line names before it only counts. */
const named = 2;

export async function deliveriesPage(
  base: string,
  { db }: Sources,
  render: Render,
  request: Request,
): Promise<Page> {
  const asked = askedOf(DeliveriesAsked, request);
  const { after = null, ...filter } = asked;
  const { items, next } = await listDeliveries(db, filter, { after, limit: rowsOfPage });
  const nodes = await findNodes(db, [...new Set(items.flatMap(({ products }) => products.slice(0, named)))]);
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const narrowed = Object.values(filter).some((value) => value !== undefined);
  return {
    section: 'deliveries',
    title: 'Deliveries',
    lead: 'Webhooks of the portal, and what was made of each.',
    controls: render('deliveries-filter', {
      base,
      product: asked.product,
      from: dayOf(asked.from),
      until: dayOf(asked.until),
      narrowed,
      verdicts: choices(['accepted', 'ignored'], asked.verdict),
    }),
    body: render('deliveries', {
      base,
      narrowed,
      deliveries: items.map((delivery) => ({
        ...delivery,
        badge: verdictBadges[delivery.verdict],
        shown: delivery.products.slice(0, named).map((id) => ({ id, name: names.get(id) ?? id })),
        others: Math.max(0, delivery.products.length - named),
      })),
      pager: {
        count: items.length,
        size: rowsOfPage,
        next: nextAddress(request, next),
        first: after === null ? null : addressWith(request, { after: null }),
      },
    }),
    topics: after === null ? ['deliveries'] : [],
  };
}

/** `null`: there is no such delivery. */
export async function deliveryPage(
  base: string,
  { db }: Sources,
  render: Render,
  visitor: Visitor,
  id: string,
): Promise<Page | null> {
  const delivery = z.guid().safeParse(id).success ? await findDelivery(db, id) : null;
  if (delivery === null) return null;
  const runs = await listRuns(db, { delivery: id }, { after: null, limit: rowsOfPage });
  return {
    section: 'deliveries',
    title: delivery.event,
    crumbs: [{ href: `${base}/deliveries`, label: 'Deliveries' }],
    body: render('delivery', {
      base,
      ...delivery,
      badge: verdictBadges[delivery.verdict],
      named: delivery.products.map((product) => ({
        id: product,
        name: delivery.productNames[product] ?? product,
        known: delivery.productNames[product] !== undefined,
      })),
      runs: runs.items.map(runRow),
      operator: may(visitor, 'operator'),
    }),
    topics: ['runs'],
  };
}
