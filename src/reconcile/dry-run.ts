/** Looks and plans as a run does, and applies nothing. */
import { describeAction, type Plan } from '../model/action.ts';
import type { Condition } from '../model/condition.ts';
import type { ProductId } from '../model/ids.ts';
import { type Difference, differencesOf } from './differences.ts';
import { type PreparedHome, prepareHome } from './home.ts';
import { readBooks } from './observe.ts';
import type { ReconcileParts } from './parts.ts';
import { planFiles } from './plan-files.ts';
import { prepareRetirement } from './retirement.ts';

/** What a run would do now. */
export interface DryRun {
  readonly product: ProductId;
  /** Each action in one line, in order; empty = the home is as it should be. */
  readonly actions: readonly { readonly kind: string; readonly description: string }[];
  /** How what is there differs from what should be, field by field, without secrets. */
  readonly drift: readonly Difference[];
  /** As the last run left them. */
  readonly conditions: readonly Condition[];
  /** What would become of the workspace's files; `null`: nothing. */
  readonly files: FilesForecast | null;
}

/** What a template, in its version now, would do to one workspace. */
export interface FilesForecast {
  /** `<id>@<version>` that they were rendered from last. */
  readonly from: string | null;
  readonly to: string;
  readonly write: readonly string[];
  readonly merge: readonly string[];
  readonly remove: readonly string[];
  /** Among those to be merged: changed by a person in the same place. */
  readonly conflicts: readonly string[];
  /** Why the new version waits; `null`: it does not. */
  readonly waits: string | null;
}

/**
 * @param thorough also for what costs time to find, as a drift check looks
 * @returns `null` when we have no home for the product (yet): that is claimed by its first run
 * @throws ProvisionerError of portal, store and template
 */
export async function rehearse(
  parts: ReconcileParts,
  id: ProductId,
  thorough: boolean,
): Promise<DryRun | null> {
  const [product, books] = await Promise.all([parts.portal.readProduct(id), readBooks(parts, id)]);
  const { record } = books;
  if (record === null) return null;
  const secrets: (() => void)[] = [];
  const looking = {
    thorough,
    rehearsal: true,
    hide: (secret: string) => void secrets.push(parts.hideSecret(secret)),
  };
  try {
    if (product !== null && product.status !== 'deleting') {
      const prepared = await prepareHome(parts, product, record, books, looking);
      const { wish, observed, steps, problem } = prepared;
      if (problem !== null) throw problem;
      return {
        ...told(id, steps, differencesOf(wish.desired, observed), record.conditions),
        files: await forecast(parts, prepared),
      };
    }
    if (record.state === 'retired') return told(id, [], [], record.conditions);
    const { steps } = await prepareRetirement(parts, record, product, books, looking);
    return told(id, steps, [], record.conditions);
  } finally {
    for (const forget of secrets) forget();
  }
}

/** Also for a version that waits: people want to know before they let it go on. */
async function forecast(
  { workspaces }: ReconcileParts,
  { record, wish, observed, turn }: PreparedHome,
): Promise<FilesForecast | null> {
  const { write, merge, remove } = planFiles(wish.desired.files, {
    live: observed.files,
    rendered: observed.rendered,
  });
  if (wish.template === null || write.length + merge.length + remove.length === 0) return null;
  return {
    from: record.template,
    to: wish.template,
    write,
    merge,
    remove,
    conflicts: await workspaces.foreseeConflicts(record.home, merge, wish.rendered, record.files),
    waits: turn.kind === 'waits' ? turn.why : null,
  };
}

function told(
  product: ProductId,
  steps: Plan,
  drift: readonly Difference[],
  conditions: readonly Condition[],
): DryRun {
  const lines = steps.map(({ action }) => ({ kind: action.kind, description: describeAction(action) }));
  return { product, actions: lines, drift, conditions, files: null };
}
