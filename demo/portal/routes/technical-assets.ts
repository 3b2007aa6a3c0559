/** Technical assets: where the data of a product lies. Only the S3 kind is simulated. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Problem } from '../http/problem.ts';
import { type Call, type Route, route, routeWithBody } from '../http/route.ts';
import { Uuid } from '../http/validation.ts';
import { assetChanged, outputPortChanged } from '../state/change-event.ts';
import type { AssetRecord, Generation } from '../state/records.ts';
import { removeAsset } from '../state/removal.ts';
import { assetView } from '../views/output-port-view.ts';
import { assetOf, productOf } from './lookup.ts';
import { requireNamespace } from './namespace.ts';

const AssetCreate = z.object({
  name: z.string(),
  description: z.string(),
  namespace: z.string(),
  platform_id: Uuid,
  service_id: Uuid,
  configuration: z.object({
    configuration_type: z.enum(['S3TechnicalAssetConfiguration']),
    bucket: z.string(),
    suffix: z.string().default(''),
    path: z.string(),
  }),
  sourceAligned: z.boolean().nullish(),
  technical_mapping: z.enum(['default', 'custom']).nullish(),
  tag_ids: z.array(Uuid),
});

function create(call: Call, body: z.infer<typeof AssetCreate>) {
  const owner = call.state.products.get(call.path('data_product_id'));
  if (owner === undefined) {
    throw new Problem(400, 'insert or update on table "data_outputs" violates a foreign key');
  }
  requireNamespace(body.namespace, call.state.assetsOf(owner.id));
  const mapping = body.technical_mapping ?? (body.sourceAligned ? 'custom' : 'default');
  const asset: AssetRecord = {
    id: randomUUID(),
    productId: owner.id,
    name: body.name,
    namespace: body.namespace,
    description: body.description,
    // What a person mapped by hand waits for someone to make it true.
    status: mapping === 'default' ? 'active' : 'pending',
    mapping,
    platformId: body.platform_id,
    serviceId: body.service_id,
    configuration: body.configuration,
    tagIds: body.tag_ids,
  };
  call.state.assets.set(asset.id, asset);
  call.changed(assetChanged(asset));
  return { id: asset.id };
}

function list(call: Call) {
  const owner = call.state.products.get(call.path('data_product_id'));
  const assets = owner === undefined ? [] : call.state.assetsOf(owner.id);
  const views = assets.map((asset) => view(call, asset));
  return { technical_assets: views };
}

const view = (call: Call, asset: AssetRecord) =>
  assetView(call.state, asset, productOf(call, asset.productId), call.generation);

const StatusUpdate = z.object({ status: z.enum(['pending', 'active', 'archived']) });

/** Works while the product is being deleted, too. */
function updateStatus(call: Call, { status }: z.infer<typeof StatusUpdate>): null {
  const asset = assetOf(call, call.path('data_product_id'), call.path('id'));
  asset.status = status;
  call.changed(assetChanged(asset), ...portsOf(call, asset).map(outputPortChanged));
  return null;
}

const portsOf = (call: Call, asset: AssetRecord) =>
  call.state.linksOfAsset(asset.id).flatMap(({ portId }) => call.state.outputPorts.get(portId) ?? []);

const AssetUpdate = z.object({
  name: z.string(),
  description: z.string(),
  tag_ids: z.array(Uuid).optional(),
});

function update(call: Call, body: z.infer<typeof AssetUpdate>) {
  const asset = assetOf(call, call.path('data_product_id'), call.path('id'));
  asset.name = body.name || asset.name;
  asset.description = body.description || asset.description;
  asset.tagIds = body.tag_ids ?? asset.tagIds;
  call.changed(assetChanged(asset));
  return { id: asset.id };
}

function remove(call: Call): null {
  const asset = assetOf(call, call.path('data_product_id'), call.path('id'));
  const ports = portsOf(call, asset);
  call.changed(...removeAsset(call.state, asset), ...ports.map(outputPortChanged));
  return null;
}

/** The collection's path ends in a slash on `main` and in none on `v0.7.0`. */
export function technicalAssetRoutes(generation: Generation): readonly Route[] {
  const assets = '/data_products/{data_product_id}/technical_assets';
  const collection = generation === 'main' ? `${assets}/` : assets;
  return [
    route('GET', collection, list),
    routeWithBody('POST', collection, AssetCreate, create),
    route('GET', `${assets}/{id}`, (call) =>
      view(call, assetOf(call, call.path('data_product_id'), call.path('id'))),
    ),
    routeWithBody('PUT', `${assets}/{id}`, AssetUpdate, update),
    route('DELETE', `${assets}/{id}`, remove),
    routeWithBody('PUT', `${assets}/{id}/status`, StatusUpdate, updateStatus),
  ];
}
