/** What all calls of the AWS IAM Query API have in common. */
import { IAMClient } from '@aws-sdk/client-iam';
import type { ProvisionerError } from '../../model/errors.ts';
import { gateMiddleware, insideRetries, type RequestGate } from '../../model/gate.ts';
import { storeClient } from '../../model/store-client.ts';
import { storeError } from '../../model/store-error.ts';

/** Where the API is, who we are there, and how much may be asked. */
export interface IamPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Which single requests pass; all of them when left out. */
  readonly gate?: RequestGate;
}

/** @param maxAttempts of one call: IAM allows few writes a second and throttles the rest (AWS documentation) */
export function createIamClient({ gate, ...place }: IamPlace, maxAttempts: number): IAMClient {
  const { endpoint, region, accessKeyId, secretAccessKey } = place;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new IAMClient({ endpoint, region, credentials, ...storeClient, maxAttempts });
  if (gate !== undefined) client.middlewareStack.addRelativeTo(gateMiddleware(gate), insideRetries);
  return client;
}

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
