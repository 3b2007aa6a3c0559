/**
 * From the portal's answers to our words. Pure. The portal promises no order, so lists are put into one: the same
 * product reads the same every time.
 */
import { createHash } from 'node:crypto';
import type { Consumer, Input, ListedProduct, Owner, Product, SurveyedProduct } from '../model/product.ts';
import type {
  ConsumerList,
  Graph,
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
  const inputs = toInputs(parts.inputs);
  const owners = toOwners(parts.assignments);
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
    owners,
    settings: toSettings(parts.values),
    settingDefaults: parts.defaults,
    inputs,
    fingerprint: fingerprintOf(detail, {
      approved: inputs.filter(({ status }) => status === 'approved').map((input) => input.outputPortId),
      owners,
      defaults: parts.defaults,
    }),
  };
}

/** Every product with a fingerprint of all that the lists say of it. */
export function toSurvey(parts: {
  readonly list: ProductList;
  readonly graph: Graph;
  readonly assignments: RoleAssignments;
  readonly defaults: Settings;
}): readonly SurveyedProduct[] {
  const products = new Set<string>(parts.list.data_products.map(({ id }) => id));
  const inputs = Map.groupBy(
    parts.graph.edges.filter(({ source, animated }) => animated && !products.has(source)),
    (edge) => edge.target,
  );
  const assigned = Map.groupBy(parts.assignments.role_assignments, (one) => one.data_product?.id);
  return parts.list.data_products.map((line) => ({
    id: line.id,
    name: line.name,
    namespace: line.namespace,
    status: line.status,
    fingerprint: fingerprintOf(line, {
      approved: [...new Set(inputs.get(line.id)?.map((edge) => edge.source))].sort(compare),
      owners: toOwners({ role_assignments: assigned.get(line.id) ?? [] }),
      defaults: parts.defaults,
    }),
  }));
}

/** Without the finalizers: ours comes with the first run, and its being taken away is drift. */
function fingerprintOf(
  line: ProductDetail,
  rest: {
    readonly approved: readonly string[];
    readonly owners: readonly Owner[];
    readonly defaults: Settings;
  },
): string {
  const { name, namespace, status, description, domain, type, lifecycle } = line;
  const tags = line.tags.map((tag) => tag.value).sort();
  const defaults = Object.entries(rest.defaults).sort(([one], [other]) => compare(one, other));
  const facts = [name, namespace, status, description, domain.name, type.name, lifecycle?.name, tags];
  return createHash('sha256')
    .update(JSON.stringify([facts, rest.approved, rest.owners, defaults]))
    .digest('hex');
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
