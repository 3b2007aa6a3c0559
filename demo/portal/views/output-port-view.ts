/** Output ports and technical assets as the API shows them. */
import type { PortalState } from '../state/portal-state.ts';
import type {
  AssetRecord,
  Generation,
  LinkRecord,
  OutputPortRecord,
  ProductRecord,
} from '../state/records.ts';
import { domainOf, lifecycleOf, tagsOf } from './embedding.ts';
import { productShort, settingValueView } from './product-view.ts';

/** `main` knows access modes; the simulator makes none. */
const accessModes = (generation: Generation) => (generation === 'main' ? { access_modes: [] } : {});

/** The port as lists and other answers embed it. */
export const outputPortShort = (state: PortalState, port: OutputPortRecord, generation: Generation) => ({
  id: port.id,
  name: port.name,
  namespace: port.namespace,
  description: port.description,
  status: port.status,
  access_type: port.accessType,
  data_product_id: port.productId,
  tags: tagsOf(state, port.tagIds),
  ...accessModes(generation),
});

const linkFields = (link: LinkRecord) => ({
  id: link.id,
  output_port_id: link.portId,
  technical_asset_id: link.assetId,
  status: link.status,
});

/** `GET …/output_ports/{id}` */
export function outputPortDetail(
  state: PortalState,
  port: OutputPortRecord,
  product: ProductRecord,
  generation: Generation,
) {
  const links = state.linksOfPort(port.id).flatMap((link) => {
    const asset = state.assets.get(link.assetId);
    return asset === undefined ? [] : [{ link, asset }];
  });
  const rolledUp = new Set(links.flatMap(({ asset }) => asset.tagIds));
  return {
    id: port.id,
    namespace: port.namespace,
    name: port.name,
    description: port.description,
    status: port.status,
    usage: null,
    access_type: port.accessType,
    data_product_access_duration_type: port.dataProductDuration,
    exploration_access_duration_type: port.explorationDuration,
    data_product_id: port.productId,
    tags: tagsOf(state, port.tagIds),
    domain: domainOf(state, product.domainId),
    lifecycle: lifecycleOf(state, port.lifecycleId),
    ...accessModes(generation),
    about: port.about,
    rolled_up_tags: tagsOf(state, [...rolledUp]),
    data_product_settings: state.settingsOfPort(port.id).map((value) => settingValueView(state, value)),
    technical_asset_links: links.map(({ link, asset }) => ({
      ...linkFields(link),
      technical_asset: assetFields(asset),
    })),
  };
}

const assetFields = (asset: AssetRecord) => ({
  id: asset.id,
  name: asset.name,
  namespace: asset.namespace,
  description: asset.description,
  status: asset.status,
  technical_mapping: asset.mapping,
  owner_id: asset.productId,
  platform_id: asset.platformId,
  service_id: asset.serviceId,
  configuration: asset.configuration,
});

const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('/');

/** `GET …/technical_assets/{id}`, and one entry of the list. */
export function assetView(
  state: PortalState,
  asset: AssetRecord,
  owner: ProductRecord,
  generation: Generation,
) {
  const { bucket, suffix, path } = asset.configuration;
  return {
    ...assetFields(asset),
    ...accessModes(generation),
    owner: productShort(state, owner),
    output_port_links: state.linksOfAsset(asset.id).flatMap((link) => {
      const port = state.outputPorts.get(link.portId);
      if (port === undefined) return [];
      return [{ ...linkFields(link), output_port: outputPortShort(state, port, generation) }];
    }),
    tags: tagsOf(state, asset.tagIds),
    sourceAligned: asset.mapping === 'custom',
    result_string: joined(bucket, suffix, path),
    technical_info: [...state.environments.values()].map((environment) => ({
      environment_id: environment.id,
      environment: environment.name,
      info: joined(suffix, path, '*'),
    })),
  };
}
