/** Markers that have to stand while a key is proven; the proofs of many keys look at the same few. */
import type { HomeName } from '../model/home.ts';
import type { ProductId } from '../model/ids.ts';
import type { ObjectStore } from './store.ts';

/** One that was seen is taken to stand for so long. */
const trustedForMs = 60_000;

export class StandingMarkers {
  readonly #store: Pick<ObjectStore, 'readMarker' | 'writeMarker'>;
  readonly #clock: () => Date;
  readonly #seenAtMs = new Map<HomeName, number>();

  constructor(store: Pick<ObjectStore, 'readMarker' | 'writeMarker'>, clock: () => Date) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Puts back one that somebody deleted; whatever else stands in its place is left alone.
   *
   * @throws ProvisionerError of the store
   */
  async ensure({ id, home }: { readonly id: ProductId; readonly home: HomeName }): Promise<void> {
    const now = this.#clock().getTime();
    // A clock that was set back makes none of them last longer.
    if (Math.abs(now - (this.#seenAtMs.get(home) ?? Number.NEGATIVE_INFINITY)) < trustedForMs) return;
    if ((await this.#store.readMarker(home)) === null) await this.#store.writeMarker(home, id);
    this.#seenAtMs.set(home, now);
  }

  /** A proof failed, which a marker that is gone can be the reason for: they are looked for again. */
  doubt(): void {
    this.#seenAtMs.clear();
  }
}
