/** What the portal says about a data product, in our words. Filled by `portal`, read by everything after it. */
import type { OutputPortId, ProductId } from './ids.ts';

/** One line of the portal's product list: enough to know that it exists and whether it is going away. */
export interface ListedProduct {
  readonly id: ProductId;
  readonly name: string;
  readonly namespace: string;
  /** `active`, `pending`, `archived`, `deleting`, or a word of a later portal version. */
  readonly status: string;
}

/**
 * A line of the list with what all of the portal's lists together say of the product: an equal fingerprint means that
 * nothing changed of that. Last days of approvals and values of settings are not in it: no list tells them.
 */
export interface SurveyedProduct extends ListedProduct {
  readonly fingerprint: string;
}

/** A person with a role on the product, as the portal's role assignments tell (approved ones only). */
export interface Owner {
  readonly name: string;
  readonly email: string;
}

/**
 * The whole of one data product, read in one go. Names, descriptions and tags are people's free text: quotes, line
 * breaks and any script occur. `namespace` is NOT safe for paths (`..`, `.env` are accepted by the portal).
 */
export interface Product extends ListedProduct {
  readonly description: string;
  readonly domain: string;
  readonly type: string;
  readonly lifecycle: string | null;
  readonly tags: readonly string[];
  readonly finalizers: readonly string[];
  readonly owners: readonly Owner[];
  /** Setting namespace → value, where the product sets one. */
  readonly settings: Readonly<Record<string, string>>;
  /** Setting namespace → what counts for a product that sets none. */
  readonly settingDefaults: Readonly<Record<string, string>>;
  readonly inputs: readonly Input[];
  /** What the portal's lists would say of it now: see `SurveyedProduct`. */
  readonly fingerprint: string;
}

/** An input port of a consumer: what it asked for and how the portal decided. */
export interface Input {
  readonly outputPortId: OutputPortId;
  readonly outputPortName: string;
  /** The product that owns the output port. */
  readonly provider: ProductId;
  /** The portal's `status`; never `current_request.decision`, which stays `approved` after a revoke. */
  readonly status: string;
  /** Last day (included) on which the approval counts, `YYYY-MM-DD`; null = without end. */
  readonly validUntil: string | null;
}

/** A consumer of one output port, as the provider's side lists it (data products only, explorations left out). */
export interface Consumer {
  readonly id: ProductId;
  readonly status: string;
  readonly validUntil: string | null;
}
