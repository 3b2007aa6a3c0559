/**
 * What one webhook may have changed. A webhook carries no command: it only names products to look at again. Some rows
 * name a product outright, others only a port or an asset, whose consumers must be looked up (in our own grants and in
 * the portal).
 */
import type { OutputPortId, ProductId, TechnicalAssetId } from './ids.ts';

/** Consumers of one output port of a provider, or of all its ports when `port` is null. */
export interface ConsumersOf {
  readonly kind: 'consumers-of';
  readonly provider: ProductId;
  readonly port: OutputPortId | null;
}

/** Consumers of every output port that the technical asset is linked to. */
export interface ConsumersOfAsset {
  readonly kind: 'consumers-of-asset';
  readonly provider: ProductId;
  readonly asset: TechnicalAssetId;
}

/** Providers of a consumer's inputs; `port` narrows it to the provider of that port. */
export interface ProvidersOf {
  readonly kind: 'providers-of';
  readonly consumer: ProductId;
  readonly port: OutputPortId | null;
}

/** Any number of products: read the whole list again. */
export interface Everything {
  readonly kind: 'everything';
}

export type LookUp = ConsumersOf | ConsumersOfAsset | ProvidersOf | Everything;

/** The verdict on one event: work to do, or the reason why there is none. */
export type Affected =
  | {
      readonly kind: 'affected';
      readonly products: readonly ProductId[];
      readonly lookUps: readonly LookUp[];
      /** All that happened: which one, the event does not say. Of no account when we did it ourselves. */
      readonly act?: 'finalizer-added';
    }
  | { readonly kind: 'ignored'; readonly reason: string };
