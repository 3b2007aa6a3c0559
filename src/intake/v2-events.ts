/**
 * Which products a v2 event touches: the table of the v2 webhooks, by the event's `type`. An event tells neither
 * whether the row was made, changed or deleted, nor any value, so each names whoever any of these could concern.
 */
import type { Affected } from '../model/affected.ts';
import { OutputPortId, ProductId, TechnicalAssetId } from '../model/ids.ts';
import type { V2Event } from './event.ts';
import { consumersOf, consumersOfAsset, ignored, providersOf, touches } from './touches.ts';

type Ids = V2Event['data'];
type Row = (ids: Ids) => Affected;

/** The rows. A Map, not an object: a type such as `constructor` comes from outside. */
export const v2Events: ReadonlyMap<string, Row> = new Map<string, Row>([
  // When it is gone or `deleting`, its consumers lose an input.
  ['data_product.event', of('id', (product) => touches(product, consumersOf(product, null)))],
  // Names the consumer; provider and port are not in it. After a removal only our grants know the provider.
  ['input_port.event', inputPort],
  [
    'output_port.event',
    of('data_product_id', (product, { id }) => touches(product, consumersOf(product, port(id)))),
  ],
  ['technical_asset.event', of('data_product_id', (product, { id }) => touches(product, asset(product, id)))],
  [
    'output_port_technical_asset_link.event',
    of('data_product_id', (product, ids) => touches(product, consumersOf(product, port(ids.output_port_id)))),
  ],
  // Of the product, or of one of its output ports.
  ['data_product_setting_value.event', of('data_product_id', (product) => touches(product))],
  ['data_product_role_assignment.event', of('data_product_id', (product) => touches(product))],
  ['output_port_role_assignment.event', of('data_product_id', (product) => touches(product))],
  ['exploration.event', () => ignored('an exploration is not a data product')],
]);

/** A row about the product whose id stands under `name`; without it there is nothing to look at. */
function of(name: keyof Ids, verdict: (product: ProductId, ids: Ids) => Affected): Row {
  return (ids) => {
    const product = ProductId.safeParse(ids[name]);
    return product.success ? verdict(product.data, ids) : ignored(`the event's ${name} is not a UUID`);
  };
}

function inputPort(ids: Ids): Affected {
  if (ids.consuming_abstract_data_product_type !== 'data_products') {
    return ignored('the consumer is not a data product');
  }
  return consumer(ids);
}

const consumer = of('consuming_abstract_data_product_id', (product) =>
  touches(product, providersOf(product, null)),
);

/** `null`, which means all ports, when the id can not be read. */
function port(id: string | undefined): OutputPortId | null {
  return OutputPortId.safeParse(id).data ?? null;
}

function asset(provider: ProductId, id: string | undefined) {
  const parsed = TechnicalAssetId.safeParse(id);
  return parsed.success ? consumersOfAsset(provider, parsed.data) : consumersOf(provider, null);
}
