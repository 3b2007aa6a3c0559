/** What a person does in the portal, as calls to its API: for the story, the tests and the benchmarks. */
import { z } from 'zod';

const Created = z.object({ id: z.string() });
const Named = z.object({ id: z.string(), name: z.string() });
const Detail = z.object({
  name: z.string(),
  description: z.string(),
  finalizers: z.array(z.string()),
  type: Created,
  domain: Created,
  lifecycle: Created,
});

export type Decision = 'approve' | 'deny' | 'revoke' | 'remove';

type Choices = readonly z.infer<typeof Named>[];

/** What the page for a new product offers. */
interface Form {
  readonly types: Choices;
  readonly domains: Choices;
  readonly lifecycles: Choices;
  readonly user: string;
}

const justification = 'The report needs it.';

export class PortalUser {
  readonly #root: string;
  #form: Form | undefined;

  constructor(url: string) {
    this.#root = `${url}/api/v2`;
  }

  /** @param port of another product, asked for in the same call as v0.7.0 takes it */
  async createProduct(
    name: string,
    namespace: string,
    { lifecycle = 'Draft', port }: { readonly lifecycle?: string; readonly port?: string } = {},
  ): Promise<string> {
    this.#form ??= await this.#openForm();
    const { types, domains, lifecycles, user } = this.#form;
    const body = {
      name,
      namespace,
      description: `About ${name}.`,
      type_id: first(types).id,
      domain_id: first(domains).id,
      lifecycle_id: named(lifecycles, lifecycle).id,
      tag_ids: [],
      owners: [user],
      ...(port === undefined ? {} : { input_ports: { output_ports: [port], justification } }),
    };
    return Created.parse(await this.#call('POST', '/data_products', body)).id;
  }

  async createPort(product: string, namespace: string): Promise<string> {
    const body = {
      name: `Port ${namespace}`,
      namespace,
      description: `About the port ${namespace}.`,
      access_type: 'restricted',
      data_product_access_duration_type: 'permanent',
      exploration_access_duration_type: 'permanent',
      tag_ids: [],
      owners: [await this.#me()],
    };
    return Created.parse(await this.#call('POST', `/data_products/${product}/output_ports`, body)).id;
  }

  /** Both forms of the request: v0.7.0 takes ids, main takes objects and answers ids with 422. */
  async requestAccess(consumer: string, port: string): Promise<void> {
    const path = `/data_products/${consumer}/input_ports`;
    const response = await this.#send('POST', path, { output_ports: [port], justification });
    if (response.status !== 422) return succeeded('POST', path, response);
    await this.#call('POST', path, { output_ports: [{ output_port_id: port }], justification });
  }

  async decide(provider: string, port: string, consumer: string, decision: Decision): Promise<void> {
    const body = { consuming_data_product_id: consumer, decision_note: 'decided' };
    await this.#call('POST', `/data_products/${provider}/output_ports/${port}/input_ports/${decision}`, body);
  }

  async delete(product: string): Promise<void> {
    await this.#call('DELETE', `/data_products/${product}`);
  }

  /** Deletes every product in it as well, finalizers or not: so does the portal. */
  async deleteLifecycle(name: string): Promise<void> {
    const { id } = named(await this.#list('/configuration/data_product_lifecycles'), name);
    await this.#call('DELETE', `/configuration/data_product_lifecycles/${id}`);
  }

  async rename(product: string, namespace: string): Promise<void> {
    const { name, description, type, domain, lifecycle } = await this.detail(product);
    const ids = { type_id: type.id, domain_id: domain.id, lifecycle_id: lifecycle.id };
    await this.#call('PUT', `/data_products/${product}`, { name, namespace, description, ...ids });
  }

  async detail(product: string): Promise<z.infer<typeof Detail>> {
    return Detail.parse(await this.#call('GET', `/data_products/${product}`));
  }

  async exists(product: string): Promise<boolean> {
    return (await this.#send('GET', `/data_products/${product}`)).ok;
  }

  /** A person opens it once. */
  async #openForm(): Promise<Form> {
    const [types, domains, lifecycles, user] = await Promise.all([
      this.#list('/configuration/data_product_types'),
      this.#list('/configuration/domains'),
      this.#list('/configuration/data_product_lifecycles'),
      this.#me(),
    ]);
    return { types, domains, lifecycles, user };
  }

  async #me(): Promise<string> {
    return Created.parse(await this.#call('GET', '/users/current')).id;
  }

  async #list(path: string): Promise<z.infer<typeof Named>[]> {
    return Object.values(z.record(z.string(), z.array(Named)).parse(await this.#call('GET', path))).flat();
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await this.#send(method, path, body);
    succeeded(method, path, response);
    const text = await response.text();
    return text === '' ? null : JSON.parse(text);
  }

  #send(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.#root}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

function succeeded(method: string, path: string, response: Response): void {
  if (!response.ok) throw new Error(`the portal answered ${method} ${path} with ${response.status}`);
}

function first<T>(list: readonly T[]): T {
  const [found] = list;
  if (found === undefined) throw new Error('the portal lists nothing there');
  return found;
}

function named(list: Choices, name: string): z.infer<typeof Named> {
  const found = list.find((each) => each.name === name);
  if (found === undefined) throw new Error(`the portal has no ${name}`);
  return found;
}
