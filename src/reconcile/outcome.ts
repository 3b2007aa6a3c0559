/** What a run came to, and how it is told. */
import type { AuditEntry } from '../db/audit.ts';
import type { ProductChange } from '../db/products.ts';
import type { ProvisionerError } from '../model/errors.ts';
import type { RunId } from '../model/ids.ts';
import type { ActionRecord, Cause } from '../model/run.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Difference } from './differences.ts';
import type { ReconcileParts } from './parts.ts';

/** What a run came to. */
export interface Outcome {
  readonly actions: readonly ActionRecord[];
  readonly error: ProvisionerError | null;
  /** What the run found out about the product. */
  readonly change: ProductChange;
  /** When to look again even if nothing happens, in milliseconds since the epoch. */
  readonly nextMs: number | null;
  readonly audit: readonly AuditEntry[];
  /** Parts of the home that others had changed, each once. */
  readonly drift: readonly string[];
  /** How others can have read the key in use; `null`: not that we know. */
  readonly leak: string | null;
}

/** What goes with one run. */
export interface Run {
  readonly id: RunId;
  /** Cleans up at the end of the run. */
  readonly defer: (cleanUp: () => void) => void;
  readonly cause: Cause;
}

/** A run that found nothing to do. */
export const nothingToDo: Outcome = {
  actions: [],
  error: null,
  change: {},
  nextMs: null,
  audit: [],
  drift: [],
  leak: null,
};

/** Nobody waits for a drift check: it looks for what costs time to find. */
export function isThorough({ cause }: Run): boolean {
  return cause.kind === 'drift-check';
}

/** Metrics and a line of the log for an action as it ends. */
export function noteAction(
  { metrics, log }: Pick<ReconcileParts, 'metrics' | 'log'>,
  action: ActionRecord,
): void {
  metrics.action(action.kind, action.outcome, action.ms);
  log.debug(action.description, { action: action.kind, outcome: action.outcome, ms: Math.round(action.ms) });
}

/** Somebody, or something, changed what is ours: people must see it, and that it was put right. */
export function noteDrift(log: Logger, drift: readonly Difference[]): void {
  for (const { field, found, wanted } of drift) log.warn('found drift', { field, found, wanted });
}

/** A key that others may know: it is replaced, but what they did with it until then is for people to find out. */
export function noteLeak({ log, metrics }: ReconcileParts, where: string): void {
  metrics.leak();
  log.warn('found a key that others may know', { where });
}

/** A run's last line. */
export function logOutcome(log: Logger, { actions, error }: Outcome, ms: number, cause: Cause): void {
  const facts = {
    cause: cause.kind,
    ms: Math.round(ms),
    did: actions.filter((action) => action.outcome === 'done').length,
  };
  // Once was said for all, when the breaker opened.
  if (error?.turnedAway === true) log.debug('turned away', facts);
  else if (error !== null) log.error(error.message, { ...facts, code: error.code, ...error.facts });
  else if (actions.length > 0) log.info('brought the product in order', facts);
  else log.debug('nothing to do', facts);
}
