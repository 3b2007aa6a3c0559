/** Our own finalizers, as the portal tells them back: v1 sends every call to everybody, to who made it as well. */
import type { ProductId } from '../model/ids.ts';

/** A portal that tells of a call later than this is one that is looked at once more. */
const longestMs = 10_000;

export class Echoes {
  readonly #expected = new Map<ProductId, number>();

  /** Right before our finalizer is added: the webhook may be here before the answer. */
  expect(product: ProductId): void {
    const now = performance.now();
    for (const [each, endMs] of this.#expected) if (endMs < now) this.#expected.delete(each);
    this.#expected.set(product, now + longestMs);
  }

  /**
   * Whether a finalizer that was added to the product is ours, as far as anybody can tell: the portal does not say which
   * it was. That of somebody else is nothing that we would act upon. True once for each that was expected.
   */
  isOwn(product: ProductId): boolean {
    const endMs = this.#expected.get(product);
    this.#expected.delete(product);
    return endMs !== undefined && endMs >= performance.now();
  }
}
