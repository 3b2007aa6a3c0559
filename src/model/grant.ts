/** A grant in force, as people ask for it: which approved input it comes from and how long it counts. */
import type { HomeName } from './home.ts';
import type { OutputPortId } from './ids.ts';

export interface GrantFacts {
  readonly outputPort: OutputPortId;
  /** Name of the port when the grant was last recorded; `null`: recorded before names were, so the end is unknown too. */
  readonly outputPortName: string | null;
  /** Last day (included) of the approval, `YYYY-MM-DD`; `null`: without end, or unknown. */
  readonly validUntil: string | null;
}

/** Whether two lists, each in order of the ports, say the same. */
export function sameGrants(one: readonly GrantFacts[], other: readonly GrantFacts[]): boolean {
  return describeGrants(one) === describeGrants(other);
}

/** One line for people and comparisons: every fact of every grant is in it. */
export function describeGrants(grants: readonly GrantFacts[]): string {
  return grants
    .map(({ outputPort, outputPortName, validUntil }) => {
      if (outputPortName === null) return `${outputPort} (name and end unknown)`;
      return `${outputPort} (${JSON.stringify(outputPortName)}, ${validUntil === null ? 'without end' : `until ${validUntil}`})`;
    })
    .join(', ');
}

/** The homes that grants open, each once, in order; `null`: its owner is not known. */
export function homesOf(grants: readonly { readonly home: HomeName | null }[]): readonly HomeName[] {
  return [...new Set(grants.flatMap(({ home }) => home ?? []))].sort();
}
