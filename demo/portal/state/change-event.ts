/**
 * Changes of rows as the portal's v2 webhook names them: ids only, never values; created, changed and deleted are not
 * told apart.
 */
import type {
  AssetRecord,
  InputPortRecord,
  LinkRecord,
  OutputPortRecord,
  ProductRecord,
  RoleAssignmentRecord,
  SettingValueRecord,
} from './records.ts';

/** `type` and `data` of one CloudEvent. */
export interface ChangeEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}

export const productChanged = (product: ProductRecord): ChangeEvent => ({
  type: 'data_product.event',
  data: { id: product.id },
});

export const outputPortChanged = (port: OutputPortRecord): ChangeEvent => ({
  type: 'output_port.event',
  data: { id: port.id, data_product_id: port.productId },
});

export const assetChanged = (asset: AssetRecord): ChangeEvent => ({
  type: 'technical_asset.event',
  data: { id: asset.id, data_product_id: asset.productId },
});

export const linkChanged = (link: LinkRecord, port: OutputPortRecord): ChangeEvent => ({
  type: 'output_port_technical_asset_link.event',
  data: {
    id: link.id,
    data_product_id: port.productId,
    output_port_id: link.portId,
    technical_asset_id: link.assetId,
  },
});

/** Names the consumer; provider and output port are not in it. */
export const inputPortChanged = (input: InputPortRecord): ChangeEvent => ({
  type: 'input_port.event',
  data: {
    id: input.id,
    consuming_abstract_data_product_id: input.consumerId,
    consuming_abstract_data_product_type: 'data_products',
  },
});

export const settingChanged = (value: SettingValueRecord): ChangeEvent => ({
  type: 'data_product_setting_value.event',
  data: { id: value.id, data_product_id: value.productId },
});

export const productRoleChanged = (assignment: RoleAssignmentRecord): ChangeEvent => ({
  type: 'data_product_role_assignment.event',
  data: { id: assignment.id, data_product_id: assignment.resourceId, user_id: assignment.userId },
});

export const outputPortRoleChanged = (
  assignment: RoleAssignmentRecord,
  port: OutputPortRecord,
): ChangeEvent => ({
  type: 'output_port_role_assignment.event',
  data: {
    id: assignment.id,
    output_port_id: port.id,
    data_product_id: port.productId,
    user_id: assignment.userId,
  },
});
