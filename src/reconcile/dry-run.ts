/** Looks and plans as a run does, and applies nothing. */
import type { Action } from '../model/action.ts';
import { describeAction } from '../model/action.ts';
import type { Condition } from '../model/condition.ts';
import type { ProductId } from '../model/ids.ts';
import { type Difference, differencesOf } from './differences.ts';
import { prepareHome } from './home.ts';
import { observe, observeOutside, readBooks } from './observe.ts';
import type { ReconcileParts } from './parts.ts';
import { plan } from './plan.ts';

/** What a run would do now. */
export interface DryRun {
  readonly product: ProductId;
  /** Each action in one line, in order; empty = the home is as it should be. */
  readonly actions: readonly { readonly kind: string; readonly description: string }[];
  /** How what is there differs from what should be, field by field, without secrets. */
  readonly drift: readonly Difference[];
  /** As the last run left them. */
  readonly conditions: readonly Condition[];
}

/**
 * @returns `null` when we have no home for the product (yet): that is claimed by its first run
 * @throws ProvisionerError of portal, store and template
 */
export async function rehearse(parts: ReconcileParts, id: ProductId): Promise<DryRun | null> {
  const [product, books] = await Promise.all([parts.portal.readProduct(id), readBooks(parts, id)]);
  const { record } = books;
  if (record === null) return null;
  const secrets: (() => void)[] = [];
  const looking = {
    thorough: true,
    hide: (secret: string) => void secrets.push(parts.hideSecret(secret)),
  };
  try {
    if (product !== null && product.status !== 'deleting') {
      const { wish, observed, steps } = await prepareHome(parts, product, record, books, looking);
      return told(
        id,
        steps.map(({ action }) => action),
        differencesOf(wish.desired, observed),
        record.conditions,
      );
    }
    if (record.state === 'retired') return told(id, [], [], record.conditions);
    const finalizers = product?.finalizers ?? [];
    const outside = await observeOutside(parts, await parts.findIssuer(), record, books, true);
    const observed = await observe(parts, record, outside, { ...looking, finalizers, rendered: [] });
    const { purgeOnDelete: purge, finalizer } = parts.settings;
    const finalizerHeld = finalizers.includes(finalizer ?? '');
    const steps = plan({ kind: 'nothing', home: record.home, finalizerHeld, purge }, observed);
    return told(
      id,
      steps.map(({ action }) => action),
      [],
      record.conditions,
    );
  } finally {
    for (const forget of secrets) forget();
  }
}

function told(
  product: ProductId,
  actions: readonly Action[],
  drift: readonly Difference[],
  conditions: readonly Condition[],
): DryRun {
  const lines = actions.map((action) => ({ kind: action.kind, description: describeAction(action) }));
  return { product, actions: lines, drift, conditions };
}
