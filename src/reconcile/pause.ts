/** Whether anything may be applied: to one product, to all, or by this installation at all. */
import type { Kysely } from 'kysely';
import { type EstatePause, readEstatePause } from '../db/pauses.ts';
import type { ProductRecord } from '../db/products.ts';
import type { Tables } from '../db/tables.ts';

/**
 * The pause of the whole estate as this process knows it: read at start, then once a second, so that a run costs no
 * question. An order given to another process reaches this one within that second.
 */
export class EstatePauseView {
  readonly #observeOnly: boolean;
  #pause: EstatePause | null = null;

  constructor(options: { readonly observeOnly: boolean }) {
    this.#observeOnly = options.observeOnly;
  }

  /** Why nothing is applied anywhere; `null`: it is. */
  get why(): string | null {
    if (this.#observeOnly) return 'this installation only observes (PROV_OBSERVE_ONLY)';
    return this.#pause === null ? null : `all products are paused by ${this.#pause.by}`;
  }

  async refresh(db: Kysely<Tables>): Promise<void> {
    this.#pause = await readEstatePause(db);
  }
}

/** Why nothing is applied to this product; `null`: it is. */
export function whyPaused(estate: EstatePauseView, { pausedBy }: ProductRecord): string | null {
  return estate.why ?? (pausedBy === null ? null : `it is paused by ${pausedBy}`);
}
