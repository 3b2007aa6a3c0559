/** What all calls of the AWS IAM Query API have in common. */
import type { ProvisionerError } from '../../model/errors.ts';
import { storeError } from '../../model/store-error.ts';

export const exists = ['EntityAlreadyExistsException', 'EntityAlreadyExists'] as const;

/** What is gone is as good as deleted. The SDK's names end in `Exception`, the wire's do not. */
export const gone = ['NoSuchEntityException', 'NoSuchEntity'] as const;

/** A server that does not have the call (versitygw: `InvalidAction`). */
const unknownCall: readonly unknown[] = ['InvalidAction', 'NotImplemented', 'MethodNotAllowed'];

/** Whether a call failed because the server does not have it. */
export function isUnknownCall({ facts }: ProvisionerError): boolean {
  return unknownCall.includes(facts.error);
}

const throttled: readonly unknown[] = ['Throttling', 'ThrottlingException', 'RequestLimitExceeded'];

/** Whether a call was turned away before it did anything. */
export function isThrottled({ facts }: ProvisionerError): boolean {
  return throttled.includes(facts.error);
}

/** Runs one call; the named outcomes are expected and give `null`. */
export async function attempt<T>(
  what: string,
  expected: readonly string[],
  call: () => Promise<T>,
): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Error && expected.includes(error.name)) return null;
    throw storeError(what, error);
  }
}

/** IAM returns the document URL-encoded (AWS documentation); some servers return it plain. Unreadable = not ours. */
export function parsePolicy(text: string | undefined): unknown {
  if (text === undefined) return null;
  try {
    return JSON.parse(text.trimStart().startsWith('{') ? text : decodeURIComponent(text));
  } catch {
    return null;
  }
}
