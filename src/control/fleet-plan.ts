/** What runs would do to every living product: a dry run of each, told as it is known. */
import { pMapIterable } from 'p-map';
import { listLiving } from '../db/living.ts';
import { asProvisionerError } from '../model/errors.ts';
import { rehearse } from '../reconcile/dry-run.ts';
import type { ReconcileParts } from '../reconcile/parts.ts';
import type { FleetPlan } from './commands.ts';

/** Dry runs at a time: the daemon has other work, too. */
const atOnce = 4;

/**
 * In order of the homes. Each is looked at as after a webhook: what takes a search of all that was ever committed is left
 * to the drift check. A product whose dry run fails says so and stops nothing; when the reader is slow or gone, no
 * further one begins.
 *
 * @throws the database's error
 */
export async function* planFleet(parts: ReconcileParts, template?: string): AsyncGenerator<FleetPlan> {
  const { database, log } = parts;
  const products = await listLiving(database.sql, template);
  yield* pMapIterable(
    products,
    async ({ id, home }): Promise<FleetPlan> => {
      const about = { product: id, home, of: products.length };
      try {
        return { ...about, plan: await rehearse(parts, id, false), error: null };
      } catch (thrown) {
        const error = asProvisionerError(thrown);
        log.warn('a dry run failed', { product: id, code: error.code, error: error.message });
        return { ...about, plan: null, error };
      }
    },
    { concurrency: atOnce, backpressure: atOnce },
  );
}
