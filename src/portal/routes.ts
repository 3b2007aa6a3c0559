/** Every call that we make, with the schema of its answer. Paths are below `/api/v2`. */
import { z } from 'zod';
import { ProvisionerError } from '../model/errors.ts';
import {
  AssetDetail,
  ConsumerList,
  Graph,
  InputPortList,
  OutputPortList,
  PortalVersion,
  ProductDetail,
  ProductList,
  RoleAssignments,
  SettingDefinitions,
  SettingValues,
} from './schema.ts';

/** One call of the portal's API. All of ours may be repeated: reads, and writes that end in the same place. */
export interface Route<Value> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly answer: z.ZodType<Value>;
  /** Answered without credentials in every mode of the portal, so none are sent. */
  readonly open: boolean;
}

const read = <Value>(path: string, answer: z.ZodType<Value>): Route<Value> => ({
  method: 'GET',
  path,
  answer,
  open: false,
});

/** For a write only the status counts; its body is `null`, or absent with a 202. */
const write = (method: 'POST' | 'DELETE', path: string): Route<unknown> => ({
  method,
  path,
  answer: z.unknown(),
  open: false,
});

/**
 * Lists have no paging: neither OpenAPI document knows a page, limit or cursor, in the request or in the answer. The
 * trailing slash is the form to try first; the client finds out when a portal wants the other one.
 */
export const routes = {
  version: { ...read('/version', PortalVersion), open: true },
  products: read('/data_products', ProductList),
  product: read('/data_products/{id}', ProductDetail),
  inputPorts: read('/data_products/{id}/input_ports', InputPortList),
  settingValues: read('/data_products/{id}/settings', SettingValues),
  settingDefinitions: read('/configuration/data_product_settings', SettingDefinitions),
  roleAssignments: read('/authz/role_assignments/data_product', RoleAssignments),
  graph: read('/graph', Graph),
  outputPorts: read('/data_products/{id}/output_ports', OutputPortList),
  consumers: read('/data_products/{id}/output_ports/{port}/input_ports/', ConsumerList),
  asset: read('/data_products/{id}/technical_assets/{asset}', AssetDetail),
  addFinalizer: write('POST', '/data_products/{id}/finalizers'),
  removeFinalizer: write('DELETE', '/data_products/{id}/finalizers/{finalizer}'),
} as const;

/** What a route is called in errors and metrics. */
export const labelOf = (route: Route<unknown>): string => `${route.method} ${route.path}`;

/**
 * The route's path with the values filled in, percent-encoded.
 *
 * @throws ProvisionerError `INTERNAL` when a value is missing, or would change the path (`.`, `..`, empty).
 */
export function fillPath(path: string, values: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined || /^\.{0,2}$/.test(value)) {
      throw new ProvisionerError('INTERNAL', `No usable value for {${name}} in ${path}.`);
    }
    return encodeURIComponent(value);
  });
}
