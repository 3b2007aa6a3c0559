/** How a product stands, in words that say what to do. */

/**
 * `Ready`: the home is as it should be. `Degraded`: something is not, and the message says what and what to do.
 * `Notice`: fine, but a person may want to know (for example: renamed in the portal, the home keeps its name).
 */
export interface Condition {
  readonly type: 'Ready' | 'Progressing' | 'Degraded' | 'Notice';
  readonly status: boolean;
  /** One CamelCase word, stable, for machines. */
  readonly reason: string;
  readonly message: string;
}

/** The reason of a condition that an error with this code leads to: `STORE_DENIED` → `StoreDenied`. */
export function reasonOfError(code: string): string {
  return code.toLowerCase().replace(/(^|_)([a-z])/g, (_match, _gap, letter: string) => letter.toUpperCase());
}
