/** Carries out what people order: a change of our books with its line in the audit, then work for the queue. */
import { insertAudit } from '../db/audit.ts';
import { findDelivery } from '../db/history.ts';
import { setEstatePause, setProductPause } from '../db/pauses.ts';
import { changeProduct, findProduct, listUnretiredIds } from '../db/products.ts';
import type { ProductId } from '../model/ids.ts';
import type { Cause } from '../model/run.ts';
import { letBrakeGo } from '../reconcile/brake.ts';
import { rehearse } from '../reconcile/dry-run.ts';
import type { ReconcileParts } from '../reconcile/parts.ts';
import { letAllFollow } from '../reconcile/rollout.ts';
import type { Commands, Person } from './commands.ts';
import { planFleet } from './fleet-plan.ts';

/** @returns the orders; what they throw is the database's error, or the portal's and store's for `plan` */
export function createCommands(parts: ReconcileParts): Commands {
  return new Orders(parts);
}

class Orders implements Commands {
  readonly #parts: ReconcileParts;

  constructor(parts: ReconcileParts) {
    this.#parts = parts;
  }

  async reconcile(products: readonly ProductId[] | 'all', by: Person): Promise<number> {
    const { database, queue } = this.#parts;
    const ids = products === 'all' ? await listUnretiredIds(database.sql) : products;
    await this.#note(by, 'order-reconcile', products === 'all' ? 'all' : ids.join(', '), null);
    await queue.reconcile(jobsFor(ids, by, 'reconcile'));
    return ids.length;
  }

  async rotate(product: ProductId, by: Person): Promise<boolean> {
    const { database, queue, clock } = this.#parts;
    const known = await findProduct(database.sql, product);
    if (known?.state !== 'live') return false;
    await database.sql.transaction().execute(async (trx) => {
      await changeProduct(trx, product, { rotateWhy: `asked for by ${by.name}` }, clock());
      await insertAudit(trx, [this.#entry(by, 'order-rotate', known.home, product)]);
    });
    await queue.reconcile(jobsFor([product], by, 'rotate'));
    return true;
  }

  pause(product: ProductId | 'all', by: Person): Promise<boolean> {
    return this.#setPause(product, by, true);
  }

  resume(product: ProductId | 'all', by: Person): Promise<boolean> {
    return this.#setPause(product, by, false);
  }

  async undelete(
    product: ProductId,
    by: Person,
  ): Promise<'queued' | 'unknown' | 'not-retired' | 'archive-gone'> {
    const { database, queue, workspaces, portal } = this.#parts;
    const known = await findProduct(database.sql, product);
    if (known === null || (await portal.readProduct(product)) === null) return 'unknown';
    if (known.state !== 'retired' && known.archive === null) return 'not-retired';
    if (known.archive === null || !(await workspaces.archived.holds(known.archive))) return 'archive-gone';
    await this.#note(by, 'order-undelete', known.home, product);
    await queue.reconcile(jobsFor([product], by, 'undelete'));
    return 'queued';
  }

  async releaseBrake(by: Person): Promise<number> {
    const cause = { kind: 'person', what: 'brake release', who: by.name } as const;
    const released = await letBrakeGo(this.#parts, cause);
    await this.#note(by, 'order-release-brake', `${released} products`, null);
    return released;
  }

  async releaseTemplate(template: string, by: Person): Promise<number> {
    await this.#note(by, 'order-release-template', template, null);
    return letAllFollow(this.#parts, template);
  }

  async replay(delivery: string, by: Person): Promise<number | null> {
    const { database, queue } = this.#parts;
    const products = await findDelivery(database.sql, delivery);
    if (products === null) return null;
    await this.#note(by, 'order-replay', delivery, null);
    await queue.reconcile(jobsFor(products, by, `replay of ${delivery}`));
    return products.length;
  }

  plan(product: ProductId) {
    return rehearse(this.#parts, product);
  }

  planAll(template?: string) {
    return planFleet(this.#parts, template);
  }

  async #setPause(product: ProductId | 'all', by: Person, on: boolean): Promise<boolean> {
    const { database, queue, clock, estate } = this.#parts;
    const order = on ? 'order-pause' : 'order-resume';
    const found = await database.sql.transaction().execute(async (trx) => {
      const now = clock();
      if (product === 'all') await setEstatePause(trx, on ? { at: now, by: by.name } : null);
      else if (!(await setProductPause(trx, product, on ? by.name : null, now))) return false;
      await insertAudit(trx, [
        this.#entry(by, order, product === 'all' ? 'all' : product, product === 'all' ? null : product),
      ]);
      return true;
    });
    if (!found) return false;
    await estate.refresh(database.sql);
    // A pause shows in the product's conditions, a resume lets go what waited.
    const ids = product === 'all' ? await listUnretiredIds(database.sql) : [product];
    await queue.reconcile(jobsFor(ids, by, on ? 'pause' : 'resume'));
    return true;
  }

  #note(by: Person, action: string, target: string, product: ProductId | null): Promise<void> {
    return insertAudit(this.#parts.database.sql, [this.#entry(by, action, target, product)]);
  }

  #entry(by: Person, action: string, target: string, product: ProductId | null) {
    const cause: Cause = { kind: 'person', what: action.replace('order-', ''), who: by.name };
    return {
      at: this.#parts.clock(),
      actor: `person:${by.name}`,
      cause,
      product,
      run: null,
      action,
      target,
    };
  }
}

function jobsFor(products: readonly ProductId[], by: Person, what: string) {
  const cause: Cause = { kind: 'person', what, who: by.name };
  return products.map((product) => ({ product, cause }));
}
