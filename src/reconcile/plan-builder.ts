/** How a plan is put together. */
import type { Action, Step } from '../model/action.ts';

/** Collects steps; `add` returns the step's index for others to wait for. */
export class PlanBuilder {
  readonly steps: Step[] = [];

  add(action: Action, after: readonly (number | null)[] = []): number {
    this.steps.push({ action, after: after.filter((index) => index !== null) });
    return this.steps.length - 1;
  }

  addIf(condition: boolean, action: Action, after: readonly (number | null)[] = []): number | null {
    return condition ? this.add(action, after) : null;
  }
}

/** Whether two maps say the same. */
export function sameEntries(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}
