/** What a person may order, whoever carries the order: API, console, command line. */

import type { ProductId } from '../model/ids.ts';
import type { DryRun } from '../reconcile/dry-run.ts';

export type { DryRun } from '../reconcile/dry-run.ts';

/** Who orders: a name for the audit (`key:ci`, `anna@example.com`), never a secret. */
export interface Person {
  readonly name: string;
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
  /** Lets all products follow a new version of a template, whatever its canaries did. Resolves with how many there are. */
  releaseTemplate(template: string, by: Person): Promise<number>;
  /** Has the products of a delivery looked at again. `null`: no such delivery. */
  replay(delivery: string, by: Person): Promise<number | null>;
  /** Looks and plans; applies nothing. `null`: we have no home for it (yet). */
  plan(product: ProductId): Promise<DryRun | null>;
}
