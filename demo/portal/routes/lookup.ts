/** Rows by the ids of a call's path, or the portal's 404. */

import { missing, Problem } from '../http/problem.ts';
import type { Call } from '../http/route.ts';
import type { AssetRecord, InputPortRecord, OutputPortRecord, ProductRecord } from '../state/records.ts';

/** @throws Problem 404 */
export function productOf(call: Call, id: string): ProductRecord {
  const product = call.state.products.get(id);
  if (product === undefined) throw missing(id);
  return product;
}

/** The product, when it may still be changed. @throws Problem 404 or 409 */
export function changeableProductOf(call: Call, id: string): ProductRecord {
  const product = productOf(call, id);
  refuseDeleting(product);
  return product;
}

/** @throws Problem 409 */
export function refuseDeleting(product: ProductRecord): void {
  if (product.status !== 'deleting') return;
  throw new Problem(409, `data_products '${product.name}' is pending deletion and cannot be modified`);
}

/** Changes of output ports and of roles are refused in other words than those of the product. @throws Problem 404 or 409 */
export function productWithOpenParts(call: Call, id: string): ProductRecord {
  const product = productOf(call, id);
  if (product.status !== 'deleting') return product;
  throw new Problem(409, `Data product '${product.name}' is pending deletion and cannot be modified`);
}

/** An output port of that product. @throws Problem 404 */
export function outputPortOf(call: Call, productId: string, id: string): OutputPortRecord {
  const port = call.state.outputPorts.get(id);
  if (port === undefined || port.productId !== productId) throw missing(id);
  return port;
}

/** A technical asset of that product. @throws Problem 404 */
export function assetOf(call: Call, productId: string, id: string): AssetRecord {
  const asset = call.state.assets.get(id);
  if (asset === undefined || asset.productId !== productId) {
    throw new Problem(404, 'Technical asset not found');
  }
  return asset;
}

/** The consumer's input from that output port. @throws Problem 404 */
export function inputOf(call: Call, consumerId: string, portId: string): InputPortRecord {
  if (!call.state.outputPorts.has(portId)) throw missing(portId);
  productOf(call, consumerId);
  const input = call.state.inputsOf(consumerId).find((one) => one.portId === portId);
  if (input !== undefined) return input;
  throw new Problem(
    404,
    `Input port connection to Output Port (${portId}) not found in AbstractDataProductType.DATA_PRODUCT ${consumerId}`,
  );
}
