/** What of a home others have changed: a step that is needed though the wish is what it was. Pure. */
import type { Action, Plan } from '../model/action.ts';
import type { Observed } from './plan.ts';

/** Parts of a home that can drift. */
export type DriftField = 'prefix' | 'principal' | 'policy' | 'key' | 'env' | 'files' | 'finalizer';

/** What the run knew before it looked. */
export interface Before {
  /** The last run left the home in order. */
  readonly wasReady: boolean;
  /** Name, namespace, template or grants are other ones than at the last run. */
  readonly wishChanged: boolean;
}

/** Fields in the order of the plan, each once; none on the way to a first or changed wish. */
export function driftIn(steps: Plan, observed: Observed, before: Before): readonly DriftField[] {
  if (!before.wasReady || before.wishChanged) return [];
  return [...new Set(steps.flatMap(({ action }) => fieldOf(action, observed) ?? []))];
}

/** Reasons for a new key that are no drift: it was due. */
const due = new Set(['the one in use ends by itself', 'sessions take the place of lasting keys']);

function fieldOf(action: Action, { files, rendered }: Observed): DriftField | null {
  switch (action.kind) {
    case 'add-finalizer':
      return 'finalizer';
    case 'mark-prefix':
      return 'prefix';
    case 'create-principal':
      return 'principal';
    case 'put-policy':
      return 'policy';
    case 'issue-key':
      return due.has(action.why) ? null : 'key';
    case 'write-env':
      return due.has(action.why) ? null : 'env';
    case 'update-files':
      // Files that people may edit are merged, and their own affair; these are ours alone.
      return action.write.some((path) => rendered[path] !== undefined && files[path] !== rendered[path])
        ? 'files'
        : null;
    default:
      return null;
  }
}
