/** Data products as the API shows them. */
import type { PortalState } from '../state/portal-state.ts';
import type { ProductRecord, SettingValueRecord } from '../state/records.ts';
import { settingDefinitionView } from './configuration-view.ts';
import { domainOf, lifecycleOf, tagsOf, typeOf } from './embedding.ts';

const productFields = (state: PortalState, product: ProductRecord) => ({
  id: product.id,
  name: product.name,
  description: product.description,
  namespace: product.namespace,
  status: product.status,
  finalizers: product.finalizers,
  tags: tagsOf(state, product.tagIds),
  usage: product.usage,
  domain: domainOf(state, product.domainId),
  type: typeOf(state, product.typeId),
  lifecycle: lifecycleOf(state, product.lifecycleId),
});

/** `GET /data_products/{id}` */
export const productDetail = (state: PortalState, product: ProductRecord) => ({
  ...productFields(state, product),
  about: product.about,
});

/** One line of `GET /data_products`. */
export const productLine = (state: PortalState, product: ProductRecord) => ({
  ...productFields(state, product),
  user_count: state.assignmentsOf(product.id).filter((one) => one.decision === 'approved').length,
  input_port_count: state.inputsOf(product.id).filter((input) => input.status === 'approved').length,
  technical_asset_count: state.assetsOf(product.id).length,
});

/** The product as other answers embed it. */
export const productShort = (state: PortalState, product: ProductRecord) => ({
  id: product.id,
  name: product.name,
  namespace: product.namespace,
  description: product.description,
  status: product.status,
  type: typeOf(state, product.typeId),
});

/** A value that was set, with its definition. It names the product, or the output port that it is for. */
export function settingValueView(state: PortalState, value: SettingValueRecord) {
  const definition = state.settingDefinitions.get(value.definitionId);
  if (definition === undefined) throw new Error('a setting value outlived its definition');
  return {
    id: value.id,
    data_product_setting_id: value.definitionId,
    value: value.value,
    data_product_setting: settingDefinitionView(definition),
    ...(value.portId === null ? { data_product_id: value.productId } : { output_port_id: value.portId }),
  };
}
