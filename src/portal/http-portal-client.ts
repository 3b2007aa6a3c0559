/** The methods of `PortalClient` as calls of the portal's API. */
import { asProvisionerError, ProvisionerError } from '../model/errors.ts';
import type { OutputPortId, ProductId, TechnicalAssetId } from '../model/ids.ts';
import type { Consumer, Input, ListedProduct, Product, SurveyedProduct } from '../model/product.ts';
import type { Caller, CallInput } from './caller.ts';
import type { PortalClient } from './client.ts';
import { toConsumers, toDefaults, toInputs, toListedProducts, toProduct, toSurvey } from './mapping.ts';
import { labelOf, type Route, routes } from './routes.ts';
import { SettingDefaults } from './setting-defaults.ts';

/** Talks to a real portal; see `PortalClient` for what each method promises. */
export class HttpPortalClient implements PortalClient {
  readonly #caller: Caller;
  readonly #defaults: SettingDefaults;

  constructor(caller: Caller, options: { readonly clock: () => number; readonly keepDefaultsMs: number }) {
    this.#caller = caller;
    this.#defaults = new SettingDefaults({
      read: async () => toDefaults(await this.#ask(routes.settingDefinitions)),
      keepMs: options.keepDefaultsMs,
      clock: options.clock,
    });
  }

  async version(): Promise<string> {
    return (await this.#ask(routes.version)).version;
  }

  async listProducts(): Promise<readonly ListedProduct[]> {
    // A listing begins a new look at everything, defaults included: no webhook tells which products they concern.
    this.#defaults.forget();
    return toListedProducts(await this.#ask(routes.products));
  }

  async survey(): Promise<readonly SurveyedProduct[] | null> {
    this.#defaults.forget();
    try {
      const [list, graph, assignments, defaults] = await Promise.all([
        this.#ask(routes.products),
        this.#ask(routes.graph, { query: { output_port_nodes_enabled: 'true' } }),
        this.#ask(routes.roleAssignments),
        this.#defaults.current(),
      ]);
      return toSurvey({ list, graph, assignments, defaults });
    } catch (thrown) {
      if (asProvisionerError(thrown).retryable) throw thrown;
      return null;
    }
  }

  async readProduct(id: ProductId): Promise<Product | null> {
    const input = { path: { id } };
    const [detail, inputs, values, assignments, defaults] = await Promise.all([
      this.#askIfThere(routes.product, input),
      this.#askIfThere(routes.inputPorts, input),
      this.#askIfThere(routes.settingValues, input),
      this.#ask(routes.roleAssignments, { query: { data_product_id: id } }),
      this.#defaults.current(),
    ]);
    // The product's own route decides: what is gone gets torn down, so that must not follow from a part of it.
    if (detail === null) return null;
    if (inputs === null || values === null) throw halfGone(id);
    if (detail.id !== id) throw aboutAnother(id);
    return toProduct({ detail, inputs, values, assignments, defaults });
  }

  async listConsumers(provider: ProductId, port: OutputPortId): Promise<readonly Consumer[]> {
    const list = await this.#askIfThere(routes.consumers, { path: { id: provider, port } });
    return list === null ? [] : toConsumers(list);
  }

  async listOutputPorts(provider: ProductId): Promise<readonly OutputPortId[]> {
    const list = await this.#askIfThere(routes.outputPorts, { path: { id: provider } });
    return list?.output_ports.map((port) => port.id) ?? [];
  }

  async portsOfAsset(provider: ProductId, asset: TechnicalAssetId): Promise<readonly OutputPortId[]> {
    const detail = await this.#askIfThere(routes.asset, { path: { id: provider, asset } });
    return [...new Set(detail?.output_port_links.map((link) => link.output_port_id))];
  }

  async listProviders(consumer: ProductId): Promise<readonly Input[]> {
    const list = await this.#askIfThere(routes.inputPorts, { path: { id: consumer } });
    return list === null ? [] : toInputs(list);
  }

  async addFinalizer(id: ProductId, name: string): Promise<'added' | 'refused-deleting' | 'gone'> {
    const reply = await this.#caller.call(routes.addFinalizer, { path: { id }, body: { finalizer: name } });
    if (reply.kind === 'value') return 'added';
    return reply.kind === 'gone' ? 'gone' : 'refused-deleting';
  }

  async removeFinalizer(id: ProductId, name: string): Promise<void> {
    await this.#askIfThere(routes.removeFinalizer, { path: { id, finalizer: name } });
  }

  /** Null when gone. */
  async #askIfThere<Value>(route: Route<Value>, input: CallInput): Promise<Value | null> {
    const reply = await this.#caller.call(route, input);
    if (reply.kind === 'value') return reply.value;
    if (reply.kind === 'gone') return null;
    throw unexpected(route, reply.kind);
  }

  async #ask<Value>(route: Route<Value>, input: CallInput = {}): Promise<Value> {
    const reply = await this.#caller.call(route, input);
    if (reply.kind === 'value') return reply.value;
    throw unexpected(route, reply.kind);
  }
}

function unexpected(route: Route<unknown>, kind: 'gone' | 'conflict'): ProvisionerError {
  const status = kind === 'gone' ? 404 : 409;
  const label = labelOf(route);
  return new ProvisionerError(
    'PORTAL_CONTRACT',
    `${label} was answered with ${status}, which is not expected here.`,
    {
      facts: { route: label, status },
    },
  );
}

/** Of a cache or a proxy in between: what belongs to one product must not be given to another. */
function aboutAnother(id: ProductId): ProvisionerError {
  return new ProvisionerError(
    'PORTAL_CONTRACT',
    'The portal answered with another product than was asked for.',
    {
      facts: { product: id },
    },
  );
}

function halfGone(id: ProductId): ProvisionerError {
  return new ProvisionerError('PORTAL_UNAVAILABLE', 'The product went away while it was being read.', {
    facts: { product: id },
  });
}
