/** `/data_products/{id}/finalizers`: what holds a deletion back until it is taken away. */
import { z } from 'zod';
import { Problem } from '../http/problem.ts';
import { type Route, route, routeWithBody } from '../http/route.ts';
import { productChanged } from '../state/change-event.ts';
import { removeProduct } from '../state/removal.ts';
import { productOf } from './lookup.ts';

const add = routeWithBody(
  'POST',
  '/data_products/{id}/finalizers',
  z.object({ finalizer: z.string() }),
  (call, { finalizer }) => {
    const product = productOf(call, call.path('id'));
    if (product.status === 'deleting') {
      throw new Problem(409, `data_products '${product.name}' is already pending deletion`);
    }
    if (product.finalizers.includes(finalizer)) return null;
    product.finalizers.push(finalizer);
    call.changed(productChanged(product));
    return null;
  },
);

/** The last one of a product in `deleting` takes the product with it. */
const remove = route('DELETE', '/data_products/{id}/finalizers/{finalizer}', (call) => {
  const product = productOf(call, call.path('id'));
  const at = product.finalizers.indexOf(call.path('finalizer'));
  if (at < 0) throw new Problem(404, `Finalizer '${call.path('finalizer')}' not found`);
  product.finalizers.splice(at, 1);
  call.changed(productChanged(product));
  if (product.status === 'deleting' && product.finalizers.length === 0) {
    call.changed(...removeProduct(call.state, product));
  }
  return null;
});

export const finalizerRoutes: readonly Route[] = [add, remove];
