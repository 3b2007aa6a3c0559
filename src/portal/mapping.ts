/**
 * From the portal's answers to our words. Pure. The portal promises no order, so lists are put into one: the same
 * product reads the same every time.
 */
import type { Consumer, Input, ListedProduct, Owner, Product } from '../model/product.ts';
import type {
  ConsumerList,
  InputPortList,
  ProductDetail,
  ProductList,
  RoleAssignments,
  SettingDefinitions,
  SettingValues,
} from './schema.ts';

/** Setting namespace → value. */
export type Settings = Readonly<Record<string, string>>;

/** What the list tells, whatever the product's status. */
export function toListedProducts(list: ProductList): readonly ListedProduct[] {
  return list.data_products.map(({ id, name, namespace, status }) => ({ id, name, namespace, status }));
}

/** One product from the answers that describe it; `defaults` count where the product sets no value of its own. */
export function toProduct(parts: {
  readonly detail: ProductDetail;
  readonly inputs: InputPortList;
  readonly values: SettingValues;
  readonly defaults: Settings;
  readonly assignments: RoleAssignments;
}): Product {
  const { detail } = parts;
  return {
    id: detail.id,
    name: detail.name,
    namespace: detail.namespace,
    status: detail.status,
    description: detail.description,
    domain: detail.domain.name,
    type: detail.type.name,
    lifecycle: detail.lifecycle?.name ?? null,
    tags: detail.tags.map((tag) => tag.value).sort(),
    finalizers: detail.finalizers,
    owners: toOwners(parts.assignments),
    settings: toSettings(parts.values),
    settingDefaults: parts.defaults,
    inputs: toInputs(parts.inputs),
  };
}

/** Every input with the portal's status and last day; whether that is access is decided elsewhere. */
export function toInputs(list: InputPortList): readonly Input[] {
  return list.input_ports
    .map((port) => ({
      outputPortId: port.output_port_id,
      outputPortName: port.output_port.name,
      provider: port.output_port.data_product_id,
      status: port.status,
      validUntil: port.current_request.valid_until,
    }))
    .sort((one, other) => compare(one.outputPortId, other.outputPortId));
}

/** Data products only: an exploration is no product of ours. */
export function toConsumers(list: ConsumerList): readonly Consumer[] {
  return list.input_ports
    .filter((port) => port.consuming_abstract_data_product.abstract_data_product_type === 'data_products')
    .map((port) => ({
      id: port.consuming_abstract_data_product_id,
      status: port.status,
      validUntil: port.current_request.valid_until,
    }))
    .sort((one, other) => compare(one.id, other.id));
}

/** People whose role is approved; a role that was asked for or denied does not count. */
export function toOwners(assignments: RoleAssignments): readonly Owner[] {
  return assignments.role_assignments
    .filter((assignment) => assignment.decision === 'approved')
    .map(({ user }) => ({ name: `${user.first_name} ${user.last_name}`.trim(), email: user.email }))
    .sort((one, other) => compare(one.email, other.email));
}

/** The defaults of data products' settings; those of output ports have scope `dataset`. */
export function toDefaults(definitions: SettingDefinitions): Settings {
  return Object.fromEntries(
    definitions.data_product_settings
      .filter((definition) => definition.scope === 'dataproduct')
      .map((definition) => [definition.namespace, definition.default]),
  );
}

function toSettings(values: SettingValues): Settings {
  return Object.fromEntries(
    values.data_product_settings.map((each) => [each.data_product_setting.namespace, each.value]),
  );
}

/** By code unit: `localeCompare` depends on the machine. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
