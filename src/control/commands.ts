/** What a person may order, whoever carries the order: API, console, command line. */
import type { ProvisionerError } from '../model/errors.ts';
import type { HomeName } from '../model/home.ts';
import type { ProductId } from '../model/ids.ts';
import type { DryRun } from '../reconcile/dry-run.ts';

export type { DryRun } from '../reconcile/dry-run.ts';

/** Who orders: a name for the audit (`key:ci`, `anna@example.com`), never a secret. */
export interface Person {
  readonly name: string;
}

/** What a run would do to one of all living products. */
export interface FleetPlan {
  readonly product: ProductId;
  readonly home: HomeName;
  /** So many products are told of in all. */
  readonly of: number;
  /** `null`: it failed, or the product has no home any more. */
  readonly plan: DryRun | null;
  readonly error: ProvisionerError | null;
}

/**
 * Orders name products by id; `'all'` is the whole estate. Each writes what it changes and its line in the audit in one
 * transaction.
 */
export interface Commands {
  /** Has products looked at now. Resolves with how many were queued. */
  reconcile(products: readonly ProductId[] | 'all', by: Person): Promise<number>;
  /** Has a new key made, proven and handed over; the old one ends after its grace. `false`: no such living product. */
  rotate(product: ProductId, by: Person): Promise<boolean>;
  /** From now on runs observe and plan, and apply nothing. */
  pause(product: ProductId | 'all', by: Person): Promise<boolean>;
  resume(product: ProductId | 'all', by: Person): Promise<boolean>;
  /** Brings a retired product's workspace back from the archive, if the portal has the product (again). */
  undelete(product: ProductId, by: Person): Promise<'queued' | 'unknown' | 'not-retired' | 'archive-gone'>;
  /** Agrees to the tear-downs that the brake holds. Resolves with how many there are. */
  releaseBrake(by: Person): Promise<number>;
  /** Lets all products follow a new version of a template, whatever its canaries did. Resolves with how many there are. */
  releaseTemplate(template: string, by: Person): Promise<number>;
  /** Has the products of a delivery looked at again. `null`: no such delivery. */
  replay(delivery: string, by: Person): Promise<number | null>;
  /** Looks and plans; applies nothing. `null`: we have no home for it (yet). */
  plan(product: ProductId): Promise<DryRun | null>;
  /** The same for all living products, those of one template, a few at a time: one line is held, not all. */
  planAll(template?: string): AsyncIterable<FleetPlan>;
}
