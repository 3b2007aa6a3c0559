/** The portal as the rest of the program sees it. */
import type { OutputPortId, ProductId, TechnicalAssetId } from '../model/ids.ts';
import type { Consumer, Input, ListedProduct, Product, SurveyedProduct } from '../model/product.ts';

/**
 * What we ask of the portal and tell it. Every method may be repeated. Every method throws `ProvisionerError`:
 * `PORTAL_UNAVAILABLE` (no answer, 5xx, 429; tried a few times already), `PORTAL_DENIED` (credentials or rights), or
 * `PORTAL_CONTRACT` (an answer that we do not understand). A 404 is a value where the portal says that the thing is
 * gone; a 404 for a wrong address is an error.
 *
 * `status` and `validUntil` are delivered as the portal has them: whether they add up to access is not decided here.
 */
export interface PortalClient {
  /** The portal's version. Changes nothing, sends no credentials: tells that the portal is there, not that it knows us. */
  version(): Promise<string>;

  /**
   * Every data product, `archived` and `deleting` ones too; explorations are none. The whole list in one answer: the
   * API has no paging. Changes nothing of ours, but some portal versions fill in a default lifecycle while they list
   * and send a webhook for each product that got one.
   */
  listProducts(): Promise<readonly ListedProduct[]>;

  /**
   * Every data product with a fingerprint of all that the portal's lists say of it: four requests, however many
   * products there are. `null` where this portal, or our rights, do not give those lists. Changes nothing of ours.
   */
  survey(): Promise<readonly SurveyedProduct[] | null>;

  /**
   * One product with inputs, settings (with defaults) and owners, read side by side; null when it is gone. Changes
   * nothing. A product that goes away while it is being read throws `PORTAL_UNAVAILABLE`: the next try will tell.
   */
  readProduct(id: ProductId): Promise<Product | null>;

  /** Data products that asked for the output port, with any status; empty when port or product is gone. Changes nothing. */
  listConsumers(provider: ProductId, port: OutputPortId): Promise<readonly Consumer[]>;

  /**
   * The product's output ports, empty when it is gone. Changes nothing. Private ports are missing unless our user is
   * Admin or has a role on them.
   */
  listOutputPorts(provider: ProductId): Promise<readonly OutputPortId[]>;

  /** Output ports that the technical asset is linked to, or asked to be; empty when it is gone. Changes nothing. */
  portsOfAsset(provider: ProductId, asset: TechnicalAssetId): Promise<readonly OutputPortId[]>;

  /** The consumer's inputs with any status, empty when it is gone: one request, where `readProduct` takes several. Changes nothing. */
  listProviders(consumer: ProductId): Promise<readonly Input[]>;

  /**
   * Asks the portal to keep the product until `removeFinalizer`. Idempotent: a name that is there already is `added`.
   * `refused-deleting`: the product is being deleted and takes no more finalizers.
   */
  addFinalizer(id: ProductId, name: string): Promise<'added' | 'refused-deleting' | 'gone'>;

  /**
   * Gives the product free. Idempotent: done as well when name or product is gone. The last finalizer of a product in
   * `deleting` takes it away, with ports, assets and roles, before this returns.
   */
  removeFinalizer(id: ProductId, name: string): Promise<void>;
}
