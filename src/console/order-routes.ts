/** Orders: asked for on a page of their own (or in the dialog), carried out by a form, answered by the page they came from. */
import express, { type Router } from 'express';
import { z } from 'zod';
import type { ProductDetail } from '../insight/product.ts';
import { fieldsOf, isOurs } from './forms.ts';
import { estateOrders, type Order, productOrders, replayOrder } from './orders.ts';
import { type Desk, type Section, sendPage, wantsDialog } from './page.ts';
import { findDetail } from './pages/product.ts';
import { type ConsoleOptions, type Visit, visitOf } from './visit.ts';
import { may } from './visitor.ts';

/** An order in its place. */
interface Placed {
  readonly section: Section;
  readonly order: Order;
  /** Its name in addresses. */
  readonly name: string;
  /** What it is about, for the heading. */
  readonly about: string | null;
  readonly action: string;
  readonly back: string;
  /** Resolves with a text when it could not be done. */
  readonly carryOut: () => Promise<string | null>;
}

type Find = (visit: Visit) => Promise<Placed | null>;

export function carryOutOrders(router: Router, desk: Desk, options: ConsoleOptions): void {
  place(router, desk, options, '/confirm/:order', '/orders/:order', async (visit) =>
    estateOrder(desk, options, visit),
  );
  place(router, desk, options, '/products/:id/confirm/:order', '/products/:id/orders/:order', (visit) =>
    productOrder(desk, options, visit),
  );
  place(router, desk, options, '/deliveries/:id/confirm', '/deliveries/:id/replay', async (visit) =>
    replay(desk, options, visit),
  );
}

function place(
  router: Router,
  desk: Desk,
  options: ConsoleOptions,
  asks: string,
  does: string,
  find: Find,
): void {
  router.get(asks, async (request, response, next) => {
    const visit = visitOf(request, response);
    const placed = await find(visit);
    if (placed === null) return next();
    if (!may(visit.visitor, placed.order.role))
      return refuse(desk, visit, placed, `This takes the role ${placed.order.role}.`);
    confirm(desk, visit, placed);
  });
  router.post(
    does,
    express.urlencoded({ extended: false, limit: '8kb' }),
    async (request, response, next) => {
      const visit = visitOf(request, response);
      const placed = await find(visit);
      if (placed === null) return next();
      if (!isOurs(fieldsOf(request), visit.visitor))
        return refuse(
          desk,
          visit,
          placed,
          'The form is out of date, or not from here. Go back and press the button again.',
        );
      if (!may(visit.visitor, placed.order.role))
        return refuse(desk, visit, placed, `This takes the role ${placed.order.role}.`);
      const fault = await placed.carryOut();
      options.live.poke();
      if (fault !== null) return refuse(desk, visit, placed, fault, 409);
      response.redirect(303, `${placed.back}?done=${placed.name}`);
    },
  );
}

function confirm(desk: Desk, { request, response, visitor }: Visit, placed: Placed): void {
  const { order, about, action, back, section } = placed;
  const body = desk.render('confirm', { ...order, about, action, back, csrf: visitor.csrfToken });
  if (wantsDialog(request)) return void response.type('html').send(String(body));
  sendPage(desk, request, response, visitor, { section, title: order.label, body });
}

function refuse(
  desk: Desk,
  { request, response, visitor }: Visit,
  { section, order, back }: Placed,
  says: string,
  status = 403,
): void {
  const body = desk.render('message', { says, href: back, label: 'Go back' });
  if (wantsDialog(request)) return void response.status(200).type('html').send(String(body));
  sendPage(desk, request, response, visitor, { section, title: `Not done: ${order.label}`, status, body });
}

function estateOrder(
  { base }: Desk,
  { commands }: ConsoleOptions,
  { request, visitor }: Visit,
): Placed | null {
  const name = String(request.params.order);
  const order = Object.hasOwn(estateOrders, name) ? estateOrders[name] : undefined;
  if (order === undefined) return null;
  return {
    section: 'overview',
    order,
    name,
    about: null,
    action: `${base}/orders/${name}`,
    back: base,
    carryOut: async () => {
      await order.carryOut(commands, visitor);
      return null;
    },
  };
}

async function productOrder(
  { base }: Desk,
  options: ConsoleOptions,
  { request, visitor }: Visit,
): Promise<Placed | null> {
  const name = String(request.params.order);
  const order = Object.hasOwn(productOrders, name) ? productOrders[name] : undefined;
  const product: ProductDetail | null =
    order === undefined ? null : await findDetail(options, request.params.id);
  if (order === undefined || product === null) return null;
  const back = `${base}/products/${product.id}`;
  return {
    section: 'products',
    order,
    name,
    about: product.name,
    action: `${back}/orders/${name}`,
    back,
    carryOut: async () =>
      order.fits(product)
        ? order.carryOut(options.commands, product.id, visitor)
        : 'It does not stand so that this could be ordered. See the page again.',
  };
}

function replay({ base }: Desk, { commands }: ConsoleOptions, { request, visitor }: Visit): Placed | null {
  const id = z.guid().safeParse(request.params.id).data;
  if (id === undefined) return null;
  const back = `${base}/deliveries/${id}`;
  return {
    section: 'deliveries',
    order: replayOrder,
    name: 'replay',
    about: null,
    action: `${back}/replay`,
    back,
    carryOut: async () =>
      (await commands.replay(id, visitor)) === null ? 'This delivery is no longer kept.' : null,
  };
}
