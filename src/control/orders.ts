/** What people order, carried out. */
import { findDelivery } from '../db/history.ts';
import { setEstatePause, setProductPause } from '../db/pauses.ts';
import { changeProduct, findProduct, listUnretiredIds } from '../db/products.ts';
import type { ProductId } from '../model/ids.ts';
import type { Cause } from '../model/run.ts';
import { letBrakeGo } from '../reconcile/brake.ts';
import { rehearse } from '../reconcile/dry-run.ts';
import { carryOut } from '../reconcile/order.ts';
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
    const queued = await carryOut(this.#parts, {
      action: 'order-reconcile',
      target: products === 'all' ? 'all' : products.join(', '),
      cause: causeOf(by, 'reconcile'),
      change: async (trx) => (products === 'all' ? listUnretiredIds(trx) : products),
    });
    return queued ?? 0;
  }

  async rotate(product: ProductId, by: Person): Promise<boolean> {
    const known = await findProduct(this.#parts.database.sql, product);
    if (known?.state !== 'live') return false;
    await carryOut(this.#parts, {
      action: 'order-rotate',
      target: known.home,
      product,
      cause: causeOf(by, 'rotate'),
      change: async (trx) => {
        await changeProduct(trx, product, { rotateWhy: `asked for by ${by.name}` }, this.#parts.clock());
        return [product];
      },
    });
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
    const { database, workspaces, portal } = this.#parts;
    const known = await findProduct(database.sql, product);
    if (known === null || (await portal.readProduct(product)) === null) return 'unknown';
    if (known.state !== 'retired' && known.archive === null) return 'not-retired';
    if (known.archive === null || !(await workspaces.archived.holds(known.archive))) return 'archive-gone';
    await carryOut(this.#parts, {
      action: 'order-undelete',
      target: known.home,
      product,
      cause: causeOf(by, 'undelete'),
      change: async () => [product],
    });
    return 'queued';
  }

  releaseBrake(by: Person): Promise<number> {
    return letBrakeGo(this.#parts, by.name);
  }

  releaseTemplate(template: string, by: Person): Promise<number> {
    return letAllFollow(this.#parts, template, causeOf(by, `release of ${template}`));
  }

  replay(delivery: string, by: Person): Promise<number | null> {
    return carryOut(this.#parts, {
      action: 'order-replay',
      target: delivery,
      cause: causeOf(by, `replay of ${delivery}`),
      change: (trx) => findDelivery(trx, delivery),
    });
  }

  plan(product: ProductId) {
    return rehearse(this.#parts, product, true);
  }

  planAll(template?: string) {
    return planFleet(this.#parts, template);
  }

  async #setPause(product: ProductId | 'all', by: Person, on: boolean): Promise<boolean> {
    const { database, queue, clock, estate } = this.#parts;
    const cause = causeOf(by, on ? 'pause' : 'resume');
    const paused = await carryOut(this.#parts, {
      action: on ? 'order-pause' : 'order-resume',
      target: product,
      ...(product === 'all' ? {} : { product }),
      cause,
      change: async (trx) => {
        const now = clock();
        if (product === 'all') await setEstatePause(trx, on ? { at: now, by: by.name } : null);
        else if (!(await setProductPause(trx, product, on ? by.name : null, now))) return null;
        return [];
      },
    });
    if (paused === null) return false;
    // Queued only when this process knows of it: a pause shows in conditions, a resume lets go what waited.
    await estate.refresh(database.sql);
    const ids = product === 'all' ? await listUnretiredIds(database.sql) : [product];
    await queue.reconcile(ids.map((each) => ({ product: each, cause })));
    return true;
  }
}

function causeOf({ name: who }: Person, what: string): Cause {
  return { kind: 'person', what, who };
}
