/**
 * The fields we use of the portal's answers (`/api/v2`, the same in v0.7.0 and later). Unknown fields are let through,
 * unknown words of `status` too; a field that decides about access (`status`, `valid_until`) is required, because to
 * guess it could open a door.
 */
import { z } from 'zod';
import { OutputPortId, ProductId } from '../model/ids.ts';

const Named = z.object({ name: z.string() });

/** `GET /version` */
export const PortalVersion = z.object({ version: z.string() });
export type PortalVersion = z.infer<typeof PortalVersion>;

const ProductLine = z.object({
  id: ProductId,
  name: z.string(),
  namespace: z.string(),
  status: z.string(),
});

const Described = ProductLine.extend({
  description: z.string(),
  domain: Named,
  type: Named,
  lifecycle: Named.nullable(),
  tags: z.array(z.object({ value: z.string() })),
  finalizers: z.array(z.string()),
});

/** `GET /data_products`: includes `deleting` and `archived` ones. */
export const ProductList = z.object({ data_products: z.array(Described) });
export type ProductList = z.infer<typeof ProductList>;

/** `GET /data_products/{id}` */
export const ProductDetail = Described;
export type ProductDetail = z.infer<typeof ProductDetail>;

/** `decision` is left out on purpose: it stays `approved` after a revoke. */
const AccessRequest = z.object({ valid_until: z.iso.date().nullable() });

/** `GET /data_products/{id}/input_ports` */
export const InputPortList = z.object({
  input_ports: z.array(
    z.object({
      status: z.string(),
      current_request: AccessRequest,
      output_port_id: OutputPortId,
      output_port: z.object({ name: z.string(), data_product_id: ProductId }),
    }),
  ),
});
export type InputPortList = z.infer<typeof InputPortList>;

/** `GET /data_products/{id}/output_ports/{port}/input_ports/`: data products and explorations mixed. */
export const ConsumerList = z.object({
  input_ports: z.array(
    z.object({
      status: z.string(),
      current_request: AccessRequest,
      consuming_abstract_data_product_id: ProductId,
      consuming_abstract_data_product: z.object({ abstract_data_product_type: z.string() }),
    }),
  ),
});
export type ConsumerList = z.infer<typeof ConsumerList>;

/** `GET /data_products/{id}/output_ports` */
export const OutputPortList = z.object({ output_ports: z.array(z.object({ id: OutputPortId })) });
export type OutputPortList = z.infer<typeof OutputPortList>;

/** `GET /data_products/{id}/technical_assets/{asset}` */
export const AssetDetail = z.object({
  output_port_links: z.array(z.object({ output_port_id: OutputPortId })),
});
export type AssetDetail = z.infer<typeof AssetDetail>;

/** `GET /data_products/{id}/settings`: only the values that were set. */
export const SettingValues = z.object({
  data_product_settings: z.array(
    z.object({ value: z.string(), data_product_setting: z.object({ namespace: z.string() }) }),
  ),
});
export type SettingValues = z.infer<typeof SettingValues>;

/** `GET /configuration/data_product_settings`: those of data products and of output ports (`dataset`). */
export const SettingDefinitions = z.object({
  data_product_settings: z.array(z.object({ namespace: z.string(), default: z.string(), scope: z.string() })),
});
export type SettingDefinitions = z.infer<typeof SettingDefinitions>;

/** `GET /authz/role_assignments/data_product?data_product_id=` */
export const RoleAssignments = z.object({
  role_assignments: z.array(
    z.object({
      decision: z.string(),
      data_product: z.object({ id: ProductId }).optional(),
      user: z.object({ first_name: z.string(), last_name: z.string(), email: z.string() }),
    }),
  ),
});
export type RoleAssignments = z.infer<typeof RoleAssignments>;

/**
 * `GET /graph?output_port_nodes_enabled=true`: an edge from an output port to a data product is an input, `animated`
 * while it is approved (portal source, `backend/app/graph/service.py`).
 */
export const Graph = z.object({
  edges: z.array(z.object({ source: z.string(), target: z.string(), animated: z.boolean() })),
});
export type Graph = z.infer<typeof Graph>;

/** The body of an error. */
export const ErrorDetail = z.object({ detail: z.string() });

/** A token endpoint's answer (RFC 6749, section 5.1); the token must fit into a header. */
export const TokenAnswer = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().optional(),
});
export type TokenAnswer = z.infer<typeof TokenAnswer>;
