/** What a person does in the portal, as calls to its API. */
import { z } from 'zod';

const Created = z.object({ id: z.string() });

export class PortalUser {
  readonly #root: string;

  constructor(url: string) {
    this.#root = `${url}/api/v2`;
  }

  async createProduct(name: string, namespace: string, description: string): Promise<string> {
    const [type, domain, lifecycle, user] = await Promise.all([
      this.#firstId('/configuration/data_product_types'),
      this.#firstId('/configuration/domains'),
      this.#firstId('/configuration/data_product_lifecycles'),
      this.#call('GET', '/users/current'),
    ]);
    const body = { name, namespace, description, type_id: type, domain_id: domain, lifecycle_id: lifecycle };
    const owners = [Created.parse(user).id];
    return Created.parse(await this.#call('POST', '/data_products', { ...body, tag_ids: [], owners })).id;
  }

  async createPort(product: string, name: string, namespace: string): Promise<string> {
    const owners = [Created.parse(await this.#call('GET', '/users/current')).id];
    const access = {
      access_type: 'restricted',
      data_product_access_duration_type: 'permanent',
      exploration_access_duration_type: 'permanent',
    };
    const body = { name, namespace, description: name, tag_ids: [], owners, ...access };
    return Created.parse(await this.#call('POST', `/data_products/${product}/output_ports`, body)).id;
  }

  async requestAccess(consumer: string, port: string): Promise<void> {
    const body = { output_ports: [port], justification: 'The report needs the leads.' };
    await this.#call('POST', `/data_products/${consumer}/input_ports`, body);
  }

  async decide(
    provider: string,
    port: string,
    consumer: string,
    decision: 'approve' | 'revoke',
  ): Promise<void> {
    const body = { consuming_data_product_id: consumer, decision_note: 'decided in the demo' };
    await this.#call('POST', `/data_products/${provider}/output_ports/${port}/input_ports/${decision}`, body);
  }

  async delete(product: string): Promise<void> {
    await this.#call('DELETE', `/data_products/${product}`);
  }

  async exists(product: string): Promise<boolean> {
    return (await fetch(`${this.#root}/data_products/${product}`)).ok;
  }

  async #firstId(path: string): Promise<string> {
    const lists = z.record(z.string(), z.array(Created)).parse(await this.#call('GET', path));
    const first = Object.values(lists)[0]?.[0];
    if (first === undefined) throw new Error(`the portal lists nothing at ${path}`);
    return first.id;
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.#root}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the portal answered ${method} ${path} with ${response.status}`);
    return text === '' ? null : JSON.parse(text);
  }
}
