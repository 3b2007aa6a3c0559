/**
 * Which products a successful call to the portal's API touches: the table of the v1 webhooks, first fitting row wins.
 * Paths are below `/api/v2`. Too many products are harmless, too few wait for the periodic resync. Consumers and
 * providers are not named by the portal and are looked up in its API and, where it no longer knows them, in our grants.
 */
import { on, type Route } from './route.ts';
import {
  consumersOf,
  consumersOfAsset,
  everything,
  ignored,
  productAt,
  providersOf,
  touches,
} from './touches.ts';

/** The rows, most particular first where two could fit. */
export const v1Routes: readonly Route[] = [
  // The answer names the new product. It may have asked for input ports in the same call: whoever gives them is woken
  // when its home is made. When the answer can not be read, something was made that we can not name.
  on('POST /data_products', (_, answer) => {
    const product = productAt(answer, 'id');
    return product === undefined ? everything() : touches(product);
  }),
  // A namespace or a status is seen by consumers, an "about" or a "usage" is not.
  on('PUT /data_products/{product}', ({ product }) => touches(product, consumersOf(product, null))),
  on('PUT /data_products/{product}/status', ({ product }) => touches(product, consumersOf(product, null))),
  on('PUT /data_products/{product}/about|usage', ({ product }) => touches(product)),
  on('POST /data_products/{product}/settings/*', ({ product }) => touches(product)),
  on('POST /data_products/{product}/finalizers', ({ product }) => ({
    kind: 'affected',
    products: [product],
    lookUps: [],
    act: 'finalizer-added',
  })),
  // The last finalizer's removal ends a `deleting` product, and all its consumers lose an input.
  on('DELETE /data_products/{product}/finalizers/*', ({ product }) =>
    touches(product, consumersOf(product, null)),
  ),
  // 202 = now `deleting`, 200 = gone. What `deleting` means for consumers is the reconciler's policy: both name them.
  on('DELETE /data_products/{product}', ({ product }) => touches(product, consumersOf(product, null))),

  on('POST /data_products/{product}/technical_assets', ({ product }) => touches(product)),
  // The asset's links are gone with it: only "all ports" covers the ones that it had.
  on('DELETE /data_products/{product}/technical_assets/{asset}', ({ product }) =>
    touches(product, consumersOf(product, null)),
  ),
  on('POST|PUT|DELETE /data_products/{product}/technical_assets/{asset}/**', ({ product, asset }) =>
    touches(product, consumersOfAsset(product, asset)),
  ),

  on('POST /data_products/{product}/output_ports', ({ product }) => touches(product)),
  on('PUT|DELETE /data_products/{product}/output_ports/{port}/**', ({ product, port }) =>
    touches(product, consumersOf(product, port)),
  ),
  on('POST /data_products/{product}/output_ports/{port}/settings/*', ({ product, port }) =>
    touches(product, consumersOf(product, port)),
  ),
  // `DELETE …/technical_assets/remove` is one of the PUT|DELETE calls above.
  on(
    'POST /data_products/{product}/output_ports/{port}/technical_assets/add|approve_link_request|deny_link_request',
    ({ product, port }) => touches(product, consumersOf(product, port)),
  ),
  // Here the path names the provider, and the consumer is named nowhere.
  on(
    'POST /data_products/{product}/output_ports/{port}/input_ports/approve|deny|revoke|remove',
    ({ product, port }) => touches(product, consumersOf(product, port)),
  ),

  // Here the path names the consumer; `link_input_ports` is the deprecated name of the same call.
  on('POST /data_products/{product}/input_ports|link_input_ports', ({ product }) =>
    touches(product, providersOf(product, null)),
  ),
  on('POST /data_products/{product}/input_ports/{port}/renew|cancel|revoke', ({ product, port }) =>
    touches(product, providersOf(product, port)),
  ),
  on('DELETE /data_products/{product}/input_ports/{port}', ({ product, port }) =>
    touches(product, providersOf(product, port)),
  ),

  on('POST /authz/role_assignments/data_product/**', (_, answer) => {
    const product = productAt(answer, 'data_product', 'id');
    return product === undefined ? everything() : touches(product);
  }),
  on('POST /authz/role_assignments/output_port/**', (_, answer) => {
    const product = productAt(answer, 'output_port', 'data_product_id');
    return product === undefined ? everything() : touches(product);
  }),
  // These name no product. A role is changed by hand and rarely, never by us, and any number of waiting resyncs is
  // one: an owner's removal shown at once is worth one listing.
  on('PUT|DELETE /authz/role_assignments/data_product|output_port/*', everything),

  on('PUT /configuration/domains|data_product_types/migrate/*/*', everything),
  on(
    'PUT|DELETE /configuration/domains|data_product_types|data_product_lifecycles|tags|data_product_settings/*',
    everything,
  ),
  on('DELETE /users/*', everything),
  on('PUT /access_durations/**', everything),

  on('POST|PUT|DELETE /explorations/**', () => ignored('an exploration is not a data product')),
];
