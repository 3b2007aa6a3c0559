/** From what an S3 or IAM client throws to our catalogue: shared by `storage` and `identity`, decided once. */
import { ProvisionerError } from './errors.ts';

const denied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'Forbidden',
]);
/** Passes by itself: throttling, and what is said while a change of ours is not yet seen everywhere (AWS documentation). */
const passing = new Set([
  'Throttling',
  'ThrottlingException',
  'RequestLimitExceeded',
  'SlowDown',
  'TooManyRequests',
  'ConcurrentModification',
  'ConcurrentModificationException',
  'DeleteConflict',
  'DeleteConflictException',
  'EntityTemporarilyUnmodifiable',
  'EntityTemporarilyUnmodifiableException',
  'NoSuchEntity',
  'NoSuchEntityException',
  // MinIO, of a policy that it has just taken: seen once on one that had just started.
  'XMinioAdminNoSuchPolicy',
]);

/** HTTP status of an SDK error, if it got an answer at all. */
export function httpStatusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

/**
 * @param what the call in a few words, for the message: "put the policy"
 * @returns `STORE_UNAVAILABLE` when there was no answer, 5xx or throttling; `STORE_DENIED`; else `STORE_REJECTED`
 */
export function storeError(what: string, error: unknown): ProvisionerError {
  if (error instanceof ProvisionerError) return error;
  const status = httpStatusOf(error);
  const name = error instanceof Error ? error.name : 'unknown';
  const words = error instanceof Error ? error.message : String(error);
  const facts = { what, status, error: name };
  if (denied.has(name) || status === 401 || status === 403) {
    const message = `The store refused to ${what} (${name}: ${words}). Check S3_ACCESS_KEY, S3_SECRET_KEY and the rights of that identity.`;
    return new ProvisionerError('STORE_DENIED', message, { cause: error, facts });
  }
  if (status === undefined || status >= 500 || status === 429 || passing.has(name)) {
    const message = `The store could not ${what} (${name}: ${words}). It will be tried again.`;
    return new ProvisionerError('STORE_UNAVAILABLE', message, { cause: error, facts });
  }
  return new ProvisionerError(
    'STORE_REJECTED',
    `The store rejected the call to ${what} (${name}: ${words}).`,
    {
      cause: error,
      facts,
    },
  );
}

/** Whether a request ended without an answer of the store, or with one that says that it can not answer (5xx). */
export function isNoAnswer(error: unknown): boolean {
  const status = error instanceof ProvisionerError ? error.facts.status : httpStatusOf(error);
  return typeof status !== 'number' || status >= 500;
}
