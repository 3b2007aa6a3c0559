/** Whether a new version of a template goes on to all: decided from how its canaries fared. Pure. */

/** How a rollout in its stage `canary` stands. */
export interface Trial {
  readonly succeeded: number;
  readonly failed: number;
  /** Canaries whose outcome is to come. */
  readonly trying: number;
  /** Whether there may be more who can try it. */
  readonly more: boolean;
}

export type Verdict = 'goes on' | 'stops' | 'is tried' | 'nobody can try it';

/**
 * Fewer canaries than wished are enough when there are no more: products go away, and a rule may fit few.
 *
 * @param canaries so many are wished
 * @param stopAfter so many failures stop it
 */
export function judgeTrial(
  { succeeded, failed, trying, more }: Trial,
  { canaries, stopAfter }: { readonly canaries: number; readonly stopAfter: number },
): Verdict {
  if (failed >= stopAfter) return 'stops';
  if (trying > 0) return 'is tried';
  if (succeeded + failed < canaries && more) return 'is tried';
  if (succeeded > 0) return 'goes on';
  return failed > 0 ? 'stops' : 'nobody can try it';
}
