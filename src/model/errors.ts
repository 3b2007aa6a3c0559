/**
 * The one catalogue of errors. Expected outcomes are values; what is thrown is a `ProvisionerError` whose code says
 * what happened, and whose place in this table says whether trying again can help.
 */

/**
 * What must come before another try can succeed: only time, a person who puts something right, or a fix of this
 * program. What needs a fix is tried again like what passes, as the next try may not meet the fault.
 */
type Need = 'time' | 'person' | 'fix';

/** code → what it needs, and its meaning for people. */
export const errorCatalogue = {
  CONFIG_INVALID: { needs: 'person', meaning: 'A setting is missing or has a wrong value.' },
  DATABASE_UNAVAILABLE: { needs: 'time', meaning: 'The database did not answer.' },
  PORTAL_UNAVAILABLE: { needs: 'time', meaning: 'The portal did not answer, or answered with 5xx or 429.' },
  PORTAL_DENIED: { needs: 'person', meaning: 'The portal refused our credentials or our rights.' },
  PORTAL_CONTRACT: { needs: 'person', meaning: 'The portal answered with something we do not understand.' },
  STORE_UNAVAILABLE: {
    needs: 'time',
    meaning: 'The object store or its identity API did not answer, or throttles.',
  },
  STORE_DENIED: { needs: 'person', meaning: 'The object store refused our admin identity.' },
  STORE_REJECTED: { needs: 'person', meaning: 'The object store refused a request as wrong.' },
  SECRETS_UNAVAILABLE: { needs: 'time', meaning: 'The secret manager did not answer.' },
  SECRETS_DENIED: { needs: 'person', meaning: 'The secret manager refused our identity or our request.' },
  REMOTE_UNAVAILABLE: { needs: 'time', meaning: 'A workspace’s history could not be pushed.' },
  PROOF_FAILED: {
    needs: 'time',
    meaning: 'A key could not do what it must, or could do what it must not.',
  },
  NAMESPACE_INVALID: { needs: 'person', meaning: 'A namespace can not be used as a path.' },
  TEMPLATE_INVALID: { needs: 'person', meaning: 'A template can not be read or rendered.' },
  WORKSPACE_UNWRITABLE: { needs: 'time', meaning: 'The workspace volume can not be written.' },
  WORKSPACE_UNSAFE: {
    needs: 'person',
    meaning: 'A path in the workspace leads out of it (for example a symbolic link).',
  },
  INTERNAL: { needs: 'fix', meaning: 'A fault in this program.' },
} as const satisfies Record<string, { needs: Need; meaning: string }>;

export type ErrorCode = keyof typeof errorCatalogue;

/**
 * An error with a stable code. `message` says what was wrong, where, and what to do; `cause` keeps the original;
 * `facts` are log fields (never a secret).
 */
export class ProvisionerError extends Error {
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; facts?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ProvisionerError';
    this.code = code;
    this.facts = options.facts ?? {};
  }

  /** Decided by the code alone, in the catalogue. */
  get needs(): Need {
    return errorCatalogue[this.code].needs;
  }

  /** Nothing was asked: who would have been is known to be away. */
  get turnedAway(): boolean {
    return this.facts.turnedAway === true;
  }

  /** Whether another try of the same call can succeed. */
  get retryable(): boolean {
    return this.needs === 'time';
  }
}

/** Anything thrown, as a `ProvisionerError`: what has no code is a fault of ours (`INTERNAL`). */
export function asProvisionerError(thrown: unknown): ProvisionerError {
  if (thrown instanceof ProvisionerError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ProvisionerError('INTERNAL', message, { cause: thrown });
}
