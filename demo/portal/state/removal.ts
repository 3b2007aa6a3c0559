/** What goes with a product or an output port, and the events of it in the order in which the real portal sends them. */
import {
  assetChanged,
  type ChangeEvent,
  inputPortChanged,
  linkChanged,
  outputPortChanged,
  outputPortRoleChanged,
  productChanged,
  productRoleChanged,
  settingChanged,
} from './change-event.ts';
import type { PortalState } from './portal-state.ts';
import type { AssetRecord, OutputPortRecord, ProductRecord } from './records.ts';

/** Takes the rows out of their table and says so. */
function take<Row extends { readonly id: string }>(
  table: Map<string, Row>,
  rows: readonly Row[],
  changed: (row: Row) => ChangeEvent,
): readonly ChangeEvent[] {
  for (const row of rows) table.delete(row.id);
  return rows.map(changed);
}

/** Removes output ports (of one product or many) with all that hangs on them; consumers lose their inputs. */
export function removeOutputPorts(
  state: PortalState,
  ports: readonly OutputPortRecord[],
): readonly ChangeEvent[] {
  const consumers = ports.flatMap((port) => state.consumersOf(port.id));
  const settings = ports.flatMap((port) => state.settingsOfPort(port.id));
  return [
    ...take(state.inputPorts, consumers, inputPortChanged),
    ...ports.flatMap((port) =>
      take(state.roleAssignments, state.assignmentsOf(port.id), (row) => outputPortRoleChanged(row, port)),
    ),
    ...take(state.settingValues, settings, settingChanged),
    ...ports.flatMap((port) =>
      take(state.links, state.linksOfPort(port.id), (link) => linkChanged(link, port)),
    ),
    ...take(state.outputPorts, ports, outputPortChanged),
  ];
}

/** Removes a technical asset and its links. */
export function removeAsset(state: PortalState, asset: AssetRecord): readonly ChangeEvent[] {
  const links = state.linksOfAsset(asset.id).flatMap((link) => {
    const port = state.outputPorts.get(link.portId);
    return port === undefined ? [] : take(state.links, [link], () => linkChanged(link, port));
  });
  return [...links, ...take(state.assets, [asset], assetChanged)];
}

/** Removes a product at once, finalizers or not: inputs, roles, output ports, settings, technical assets. */
export function removeProduct(state: PortalState, product: ProductRecord): readonly ChangeEvent[] {
  return [
    ...take(state.inputPorts, state.inputsOf(product.id), inputPortChanged),
    ...take(state.roleAssignments, state.assignmentsOf(product.id), productRoleChanged),
    ...removeOutputPorts(state, state.portsOf(product.id)),
    ...take(state.settingValues, state.settingsOfProduct(product.id), settingChanged),
    ...take(state.assets, state.assetsOf(product.id), assetChanged),
    ...take(state.products, [product], productChanged),
  ];
}
