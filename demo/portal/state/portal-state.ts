/** All that the simulated portal knows, in memory. Tests may change it behind the API's back; nothing is sent then. */
import { freshConfiguration } from './fresh-configuration.ts';
import type {
  AssetRecord,
  InputPortRecord,
  LifecycleRecord,
  LinkRecord,
  OutputPortRecord,
  ProductRecord,
  RoleAssignmentRecord,
  SettingValueRecord,
  UserRecord,
} from './records.ts';

const byId = <Row extends { readonly id: string }>(rows: readonly Row[]): Map<string, Row> =>
  new Map(rows.map((row) => [row.id, row]));

const where = <Row>(rows: ReadonlyMap<string, Row>, matches: (row: Row) => boolean): readonly Row[] =>
  [...rows.values()].filter(matches);

/** Tables by id, and the questions that routes ask. A new one is a freshly installed portal. */
export class PortalState {
  readonly products = new Map<string, ProductRecord>();
  readonly outputPorts = new Map<string, OutputPortRecord>();
  readonly assets = new Map<string, AssetRecord>();
  readonly links = new Map<string, LinkRecord>();
  readonly inputPorts = new Map<string, InputPortRecord>();
  readonly settingValues = new Map<string, SettingValueRecord>();
  readonly roleAssignments = new Map<string, RoleAssignmentRecord>();

  readonly lifecycles = byId(freshConfiguration.lifecycles);
  readonly types = byId(freshConfiguration.types);
  readonly domains = byId(freshConfiguration.domains);
  readonly tags = byId(freshConfiguration.tags);
  readonly settingDefinitions = byId(freshConfiguration.settingDefinitions);
  readonly users = byId(freshConfiguration.users);
  readonly roles = byId(freshConfiguration.roles);
  readonly environments = byId(freshConfiguration.environments);
  /** Days of a `time_bound` access. */
  accessDays = 30;
  /** Who every call is made by: the portal without OIDC has one user. */
  readonly actor: UserRecord = freshConfiguration.actor;

  defaultLifecycle(): LifecycleRecord | null {
    return where(this.lifecycles, (lifecycle) => lifecycle.isDefault)[0] ?? null;
  }

  portsOf(productId: string): readonly OutputPortRecord[] {
    return where(this.outputPorts, (port) => port.productId === productId);
  }

  assetsOf(productId: string): readonly AssetRecord[] {
    return where(this.assets, (asset) => asset.productId === productId);
  }

  inputsOf(consumerId: string): readonly InputPortRecord[] {
    return where(this.inputPorts, (input) => input.consumerId === consumerId);
  }

  consumersOf(portId: string): readonly InputPortRecord[] {
    return where(this.inputPorts, (input) => input.portId === portId);
  }

  linksOfPort(portId: string): readonly LinkRecord[] {
    return where(this.links, (link) => link.portId === portId);
  }

  linksOfAsset(assetId: string): readonly LinkRecord[] {
    return where(this.links, (link) => link.assetId === assetId);
  }

  /** Values set on the product itself, not on its output ports. */
  settingsOfProduct(productId: string): readonly SettingValueRecord[] {
    return where(this.settingValues, (value) => value.productId === productId && value.portId === null);
  }

  settingsOfPort(portId: string): readonly SettingValueRecord[] {
    return where(this.settingValues, (value) => value.portId === portId);
  }

  assignmentsOf(resourceId: string): readonly RoleAssignmentRecord[] {
    return where(this.roleAssignments, (assignment) => assignment.resourceId === resourceId);
  }
}
