/** Products by the API, for tests that need some. */
import { freshConfiguration } from '../../../demo/portal/state/fresh-configuration.ts';

let made = 0;

/** A body that creates a product under a name of its own. */
export function makeProductBody(differing: Readonly<Record<string, unknown>> = {}) {
  made += 1;
  return {
    name: `Product ${made}`,
    namespace: `product-${made}`,
    description: 'Made by a test',
    type_id: freshConfiguration.types[0]?.id,
    domain_id: freshConfiguration.domains[0]?.id,
    lifecycle_id: freshConfiguration.lifecycles[0]?.id,
    tag_ids: [],
    owners: [freshConfiguration.actor.id],
    ...differing,
  };
}

/** Makes the call with a JSON body. */
export async function call(url: string, method: string, path: string, body?: unknown) {
  const response = await fetch(`${url}/api/v2${path}`, {
    method,
    redirect: 'manual',
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text === '' ? null : JSON.parse(text),
  };
}

async function created(url: string, path: string, body: unknown): Promise<string> {
  const { status, json, text } = await call(url, 'POST', path, body);
  if (status !== 200) throw new Error(`POST ${path}: ${status} ${text}`);
  return json.id;
}

/** Creates a product and gives its id. */
export const makeProduct = (
  url: string,
  differing: Readonly<Record<string, unknown>> = {},
): Promise<string> => created(url, '/data_products', makeProductBody(differing));

/** Creates an output port and gives its id. */
export const makePort = (url: string, product: string, differing: Readonly<Record<string, unknown>> = {}) => {
  made += 1;
  return created(url, `/data_products/${product}/output_ports`, {
    name: `Port ${made}`,
    namespace: `port-${made}`,
    description: 'Made by a test',
    access_type: 'restricted',
    data_product_access_duration_type: 'permanent',
    exploration_access_duration_type: 'permanent',
    tag_ids: [],
    owners: [freshConfiguration.actor.id],
    ...differing,
  });
};
