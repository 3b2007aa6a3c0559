/** The words in which the tables of both generations say what an event touched. */
import type { Affected, LookUp } from '../model/affected.ts';
import { type OutputPortId, ProductId, type TechnicalAssetId } from '../model/ids.ts';

/** The product itself, and whoever the look-ups find. */
export function touches(product: ProductId, ...lookUps: readonly LookUp[]): Affected {
  return { kind: 'affected', products: [product], lookUps };
}

/** Consumers of one port, or of all the provider's ports when `port` is null. */
export function consumersOf(provider: ProductId, port: OutputPortId | null): LookUp {
  return { kind: 'consumers-of', provider, port };
}

/** Consumers of every port that the asset is linked to. */
export function consumersOfAsset(provider: ProductId, asset: TechnicalAssetId): LookUp {
  return { kind: 'consumers-of-asset', provider, asset };
}

/** The provider of one of the consumer's ports, or of all its inputs when `port` is null. */
export function providersOf(consumer: ProductId, port: OutputPortId | null): LookUp {
  return { kind: 'providers-of', consumer, port };
}

/** Some products, and the event does not say which: the whole list is read again. */
export function everything(): Affected {
  return { kind: 'affected', products: [], lookUps: [{ kind: 'everything' }] };
}

export function ignored(reason: string): Affected {
  return { kind: 'ignored', reason };
}

/** The product id found at `path` of the portal's answer, if there is one. */
export function productAt(answer: unknown, ...path: readonly string[]): ProductId | undefined {
  let value = answer;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
  }
  return ProductId.safeParse(value).data;
}
