/**
 * The one catalogue of errors. Expected outcomes are values; what is thrown is a `ProvisionerError` whose code says
 * what happened, and whose place in this table says whether trying again can help.
 */

/** code → may another try succeed without a person doing something? */
export const errorCatalogue = {
  CONFIG_INVALID: { retryable: false, meaning: 'A setting is missing or has a wrong value.' },
  DATABASE_UNAVAILABLE: { retryable: true, meaning: 'The database did not answer.' },
  PORTAL_UNAVAILABLE: { retryable: true, meaning: 'The portal did not answer, or answered with 5xx or 429.' },
  PORTAL_DENIED: { retryable: false, meaning: 'The portal refused our credentials or our rights.' },
  PORTAL_CONTRACT: { retryable: false, meaning: 'The portal answered with something we do not understand.' },
  STORE_UNAVAILABLE: {
    retryable: true,
    meaning: 'The object store or its identity API did not answer, or throttles.',
  },
  STORE_DENIED: { retryable: false, meaning: 'The object store refused our admin identity.' },
  STORE_REJECTED: { retryable: false, meaning: 'The object store refused a request as wrong.' },
  SECRETS_UNAVAILABLE: { retryable: true, meaning: 'The secret manager did not answer.' },
  SECRETS_DENIED: { retryable: false, meaning: 'The secret manager refused our identity or our request.' },
  PROOF_FAILED: {
    retryable: true,
    meaning: 'A new key could not do what it must, or could do what it must not.',
  },
  NAMESPACE_INVALID: { retryable: false, meaning: 'A namespace can not be used as a path.' },
  TEMPLATE_INVALID: { retryable: false, meaning: 'A template can not be read or rendered.' },
  WORKSPACE_UNWRITABLE: { retryable: true, meaning: 'The workspace volume can not be written.' },
  WORKSPACE_UNSAFE: {
    retryable: false,
    meaning: 'A path in the workspace leads out of it (for example a symbolic link).',
  },
  INTERNAL: { retryable: false, meaning: 'A fault in this program.' },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>;

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

  /** Whether another try can succeed without a person: decided here, by the code, and nowhere else. */
  get retryable(): boolean {
    return errorCatalogue[this.code].retryable;
  }
}

/** Anything thrown, as a `ProvisionerError`: what has no code is a fault of ours (`INTERNAL`). */
export function asProvisionerError(thrown: unknown): ProvisionerError {
  if (thrown instanceof ProvisionerError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ProvisionerError('INTERNAL', message, { cause: thrown });
}
