/** What a person may order, whoever carries the order: API, console, command line. */

import type { Condition } from '../model/condition.ts';
import type { ProductId } from '../model/ids.ts';

/** Who orders: a name for the audit (`key:ci`, `anna@example.com`), never a secret. */
export interface Person {
  readonly name: string;
}

/** What a run would do now. */
export interface DryRun {
  readonly product: ProductId;
  /** Each action in one line, in order; empty = the home is as it should be. */
  readonly actions: readonly { readonly kind: string; readonly description: string }[];
  /** How what is there differs from what should be, field by field, without secrets. */
  readonly drift: readonly Difference[];
  readonly conditions: readonly Condition[];
}

/** One field that is not as it should be; `null`: not there. */
export interface Difference {
  readonly field: string;
  readonly found: string | null;
  readonly wanted: string | null;
}

/** Orders name products by id; `'all'` is the whole estate. Each writes the audit in the transaction of what it changes. */
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
  /** Has the products of a delivery looked at again. `null`: no such delivery. */
  replay(delivery: string, by: Person): Promise<number | null>;
  /** Looks and plans; applies nothing. `null`: the portal has no such product and we have no home for it. */
  plan(product: ProductId): Promise<DryRun | null>;
}
