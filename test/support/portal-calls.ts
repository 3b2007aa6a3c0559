/** What people do in the portal, as calls to its API. */
import { expect } from 'vitest';

export class PortalUser {
  readonly #url: string;
  constructor(url: string) {
    this.#url = url;
  }

  async createProduct(name: string, namespace: string, lifecycle = 'Draft'): Promise<string> {
    const [types, domains, lifecycles, user] = await Promise.all([
      this.#get('/configuration/data_product_types'),
      this.#get('/configuration/domains'),
      this.#get('/configuration/data_product_lifecycles'),
      this.#get('/users/current'),
    ]);
    const answer = await this.#call('POST', '/data_products', {
      name,
      namespace,
      description: `About ${name}`,
      type_id: firstId(types),
      domain_id: firstId(domains),
      lifecycle_id: idNamed(lifecycles, lifecycle),
      tag_ids: [],
      owners: [idOf(user)],
    });
    return idOf(answer);
  }

  async createPort(product: string, namespace: string): Promise<string> {
    const user = await this.#get('/users/current');
    const answer = await this.#call('POST', `/data_products/${product}/output_ports`, {
      name: `Port ${namespace}`,
      namespace,
      description: 'A port',
      access_type: 'restricted',
      data_product_access_duration_type: 'permanent',
      exploration_access_duration_type: 'permanent',
      tag_ids: [],
      owners: [idOf(user)],
    });
    return idOf(answer);
  }

  async request(consumer: string, port: string): Promise<void> {
    await this.#call('POST', `/data_products/${consumer}/input_ports`, {
      output_ports: [port],
      justification: 'we need it',
    });
  }

  async decide(
    provider: string,
    port: string,
    consumer: string,
    decision: 'approve' | 'deny' | 'revoke' | 'remove',
  ) {
    await this.#call('POST', `/data_products/${provider}/output_ports/${port}/input_ports/${decision}`, {
      consuming_data_product_id: consumer,
      decision_note: 'decided',
    });
  }

  async delete(product: string): Promise<void> {
    await this.#call('DELETE', `/data_products/${product}`);
  }

  async exists(product: string): Promise<boolean> {
    return (await fetch(`${this.#url}/api/v2/data_products/${product}`)).status === 200;
  }

  async detail(product: string): Promise<Record<string, unknown>> {
    return (await this.#get(`/data_products/${product}`)) as Record<string, unknown>;
  }

  async deleteLifecycle(name: string): Promise<void> {
    const id = idNamed(await this.#get('/configuration/data_product_lifecycles'), name);
    await this.#call('DELETE', `/configuration/data_product_lifecycles/${id}`);
  }

  async rename(product: string, namespace: string): Promise<void> {
    const now = (await this.detail(product)) as {
      name: string;
      description: string;
      type: { id: string };
      domain: { id: string };
      lifecycle: { id: string };
    };
    await this.#call('PUT', `/data_products/${product}`, {
      name: now.name,
      namespace,
      description: now.description,
      type_id: now.type.id,
      domain_id: now.domain.id,
      lifecycle_id: now.lifecycle.id,
    });
  }

  async #get(path: string): Promise<unknown> {
    return (await fetch(`${this.#url}/api/v2${path}`)).json();
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v2${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    expect(response.ok, `${method} ${path} answered ${response.status}: ${text}`).toBe(true);
    return text === '' ? null : JSON.parse(text);
  }
}

function idOf(answer: unknown): string {
  return (answer as { id: string }).id;
}

function idNamed(answer: unknown, name: string): string {
  const [list] = Object.values(answer as Record<string, { id: string; name: string }[]>);
  const found = list?.find((each) => each.name === name);
  if (found === undefined) throw new Error(`the portal has no ${name}`);
  return found.id;
}

function firstId(answer: unknown): string {
  const [list] = Object.values(answer as Record<string, { id: string }[]>);
  const id = list?.[0]?.id;
  if (id === undefined) throw new Error('the portal has none');
  return id;
}
