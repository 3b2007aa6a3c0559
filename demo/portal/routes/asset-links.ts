/** Which technical assets an output port is served from. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Problem } from '../http/problem.ts';
import { type Call, type Route, routeWithBody } from '../http/route.ts';
import { Uuid } from '../http/validation.ts';
import { assetChanged, linkChanged, outputPortChanged } from '../state/change-event.ts';
import type { AssetRecord, LinkRecord, OutputPortRecord } from '../state/records.ts';
import { assetOf, outputPortOf } from './lookup.ts';

const collection = '/data_products/{data_product_id}/output_ports/{output_port_id}/technical_assets';

const Asset = z.object({ technical_asset_id: Uuid });
type Asset = z.infer<typeof Asset>;

const portOf = (call: Call): OutputPortRecord =>
  outputPortOf(call, call.path('data_product_id'), call.path('output_port_id'));

function announce(call: Call, asset: AssetRecord, link: LinkRecord, port: OutputPortRecord): void {
  call.changed(assetChanged(asset), linkChanged(link, port), outputPortChanged(port));
}

function add(call: Call, body: Asset) {
  const port = portOf(call);
  const asset = assetOf(call, port.productId, body.technical_asset_id);
  if (asset.status !== 'active') throw new Problem(400, 'Cannot link technical asset that is not active');
  const existing = call.state.linksOfPort(port.id).find((link) => link.assetId === asset.id);
  if (existing !== undefined && existing.status !== 'denied') {
    throw new Problem(400, 'Technical Asset already exists in output port');
  }
  const link: LinkRecord = { id: randomUUID(), portId: port.id, assetId: asset.id, status: 'pending' };
  call.state.links.set(link.id, link);
  announce(call, asset, link, port);
  return { link_id: link.id };
}

/** The newest link of the pair. @throws Problem 404 */
function linkOf(call: Call, port: OutputPortRecord, assetId: string): LinkRecord {
  const link = call.state.linksOfPort(port.id).findLast((one) => one.assetId === assetId);
  if (link === undefined) throw new Problem(404, `Data product dataset for data output ${assetId} not found`);
  return link;
}

function decide(status: 'approved' | 'denied') {
  return (call: Call, body: Asset): null => {
    const port = portOf(call);
    const link = linkOf(call, port, body.technical_asset_id);
    if (status === 'approved' && link.status !== 'pending') {
      throw new Problem(400, 'Request can not be already approved or denied');
    }
    link.status = status;
    call.changed(linkChanged(link, port));
    return null;
  };
}

function remove(call: Call, body: Asset): null {
  const port = portOf(call);
  const asset = assetOf(call, port.productId, body.technical_asset_id);
  const link = linkOf(call, port, asset.id);
  call.state.links.delete(link.id);
  announce(call, asset, link, port);
  return null;
}

export const assetLinkRoutes: readonly Route[] = [
  routeWithBody('POST', `${collection}/add`, Asset, add),
  routeWithBody('POST', `${collection}/approve_link_request`, Asset, decide('approved')),
  routeWithBody('POST', `${collection}/deny_link_request`, Asset, decide('denied')),
  routeWithBody('DELETE', `${collection}/remove`, Asset, remove),
];
