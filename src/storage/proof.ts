/**
 * Proof of a new key, with that key, before anybody gets it: it must open what it should, and nothing else. A refusal
 * proves nothing while the store does not know the key yet, so the allowed half comes first; both halves are tried
 * again until the store has made up its mind (AWS: seconds, rarely a minute).
 */
import pRetry, { AbortError } from 'p-retry';
import { ProvisionerError } from '../model/errors.ts';
import type { RequestGate } from '../model/gate.ts';
import { type HomeName, prefixOf } from '../model/home.ts';
import { httpStatusOf, storeError } from '../model/store-error.ts';
import { type SignedRequest, signedExchange } from '../signing/signed-exchange.ts';
import { type BucketPlace, bucketAt } from './bucket-at.ts';
import { markerKey } from './s3.ts';

/** What a key is held against. Each prefix but the own one needs its marker: see `claimOfKey`. */
export interface Claim {
  readonly own: HomeName;
  readonly inputs: readonly HomeName[];
  /** Prefixes that must stay closed. */
  readonly foreign: readonly HomeName[];
}

/** What is to be proven: a key, or a session with its token. */
export interface ProvenKey {
  readonly id: string;
  readonly secret: string;
  readonly session: { readonly token: string } | null;
}

export interface ProofOptions {
  /** Place of the store; the credentials are the key's own. */
  readonly store: BucketPlace & {
    readonly region: string;
    /** Which single requests pass; all of them when left out. */
    readonly gate?: RequestGate;
  };
  readonly timeoutMs: number;
}

/** Only the status counts, and people can put what they like in a marker's place. */
const mostBytes = 16_384;

/** One check and what the store must say. */
interface Check {
  readonly what: string;
  readonly allowed: boolean;
  readonly call: () => Promise<unknown>;
}

/**
 * Proves the key. Leaves no object behind.
 *
 * @throws ProvisionerError `PROOF_FAILED` with the first check that did not hold, and the fact `opens`: `too much` or
 * `too little`; `STORE_UNAVAILABLE` when there was no answer.
 */
export async function proveKey(key: ProvenKey, claim: Claim, options: ProofOptions): Promise<void> {
  const { write, remove, ...checks } = checksOf(bucketAs(key, options), options.store.bucket, claim);
  const deadline = Date.now() + options.timeoutMs;
  const written = holds(write, deadline);
  const opened = toTheEnd([written, ...checks.allowed.map((check) => holds(check, deadline))]);
  await toTheEnd([
    written.then(() => holds(remove, deadline)),
    opened.then(() => toTheEnd(checks.refused.map((check) => holds(check, deadline)))),
  ]);
}

/**
 * Waits until the store refuses the key.
 *
 * @returns `false`: it lets it in until the time is over
 * @throws ProvisionerError `STORE_UNAVAILABLE`
 */
export async function isRefused(key: ProvenKey, home: HomeName, options: ProofOptions): Promise<boolean> {
  const send = bucketAs(key, options);
  const call = () => send(listing(home));
  try {
    await holds({ what: 'list its own prefix', allowed: false, call }, Date.now() + options.timeoutMs);
    return true;
  } catch (thrown) {
    if (thrown instanceof ProvisionerError && thrown.code === 'PROOF_FAILED') return false;
    throw thrown;
  }
}

/** A request to the bucket: what lies below it, or itself. */
type BucketRequest = Omit<SignedRequest, 'path'> & { readonly key?: string };

/** The bucket as the key opens it. */
function bucketAs({ id, secret, session }: ProvenKey, { store }: ProofOptions) {
  const { endpoint, path } = bucketAt(store);
  const exchange = signedExchange({
    endpoint,
    region: store.region,
    accessKeyId: id,
    secretAccessKey: secret,
    ...(session === null ? {} : { sessionToken: session.token }),
  });
  return ({ key = '', ...request }: BucketRequest): Promise<unknown> => {
    const send = () => exchange({ ...request, path: `${path}${key}`, mostBytes });
    return store.gate?.add(send) ?? send();
  };
}

function listing(home: HomeName): BucketRequest {
  return { method: 'GET', query: { 'list-type': '2', prefix: prefixOf(home), 'max-keys': '1' } };
}

interface Checks {
  /** Below the own prefix; what was written is removed whatever else comes out. */
  readonly write: Check;
  readonly remove: Check;
  readonly allowed: readonly Check[];
  readonly refused: readonly Check[];
}

function checksOf(send: ReturnType<typeof bucketAs>, bucket: string, claim: Claim): Checks {
  // Always the same: what a killed run left behind goes with the next proof.
  const proofKey = (home: HomeName) => `${prefixOf(home)}.proof`;
  const put = (home: HomeName) => send({ method: 'PUT', key: proofKey(home), body: '' });
  const remove = (home: HomeName) => send({ method: 'DELETE', key: proofKey(home) });
  const read = (home: HomeName) => send({ method: 'GET', key: markerKey(home) });
  const list = (home: HomeName) => send(listing(home));
  const copy = (home: HomeName) => {
    const headers = { 'x-amz-copy-source': `${bucket}/${markerKey(home)}` };
    const key = `${proofKey(claim.own)}-copy`;
    return send({ method: 'PUT', key, headers, body: '' }).then(() => send({ method: 'DELETE', key }));
  };
  const allow = (what: string, call: Check['call']): Check => ({ what, allowed: true, call });
  const refuse = (what: string, call: Check['call']): Check => ({ what, allowed: false, call });
  return {
    write: allow('write below its own prefix', () => put(claim.own)),
    remove: allow('delete below its own prefix', () => remove(claim.own)),
    allowed: [
      allow('list its own prefix', () => list(claim.own)),
      ...claim.inputs.flatMap((home) => [
        allow(`read the input ${home}`, () => read(home)),
        allow(`list the input ${home}`, () => list(home)),
      ]),
    ],
    refused: [
      // Where the write wrongly succeeds, the object goes again: only the verdict may stay.
      ...claim.inputs.map((home) =>
        refuse(`write to the input ${home}`, () => put(home).then(() => remove(home))),
      ),
      ...claim.foreign.flatMap((home) => [
        refuse(`read the foreign prefix ${home}`, () => read(home)),
        refuse(`list the foreign prefix ${home}`, () => list(home)),
        // Some stores hold a copy against the rights on its target alone.
        refuse(`copy from the foreign prefix ${home}`, () => copy(home)),
      ]),
    ],
  };
}

/** Also when one fails: a check that was cut off would leave its object behind. */
async function toTheEnd(checks: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(checks);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Waits until the store answers as it must: allowed (2xx) or refused (403). */
async function holds(check: Check, deadlineMs: number): Promise<void> {
  await pRetry(() => holdsNow(check), {
    retries: 100,
    minTimeout: 50,
    maxTimeout: 2000,
    factor: 2,
    maxRetryTime: Math.max(0, deadlineMs - Date.now()),
  });
}

async function holdsNow(check: Check): Promise<void> {
  const refusal = await check.call().then(
    () => null,
    (error: unknown) => ({ error, status: httpStatusOf(error) }),
  );
  // Not found: the store looked for the object, so it had let the key in.
  if (refusal === null || refusal.status === 404) {
    if (check.allowed) return;
    const message = `The key can ${check.what}, which it must not: the store grants more than the policy says.`;
    throw new ProvisionerError('PROOF_FAILED', message, { facts: { opens: 'too much' } });
  }
  if (refusal.status === 403) {
    if (!check.allowed) return;
    const message = `The key can not ${check.what}: the store refuses it.`;
    throw new ProvisionerError('PROOF_FAILED', message, {
      cause: refusal.error,
      facts: { opens: 'too little' },
    });
  }
  const failure = storeError(`let the key ${check.what}`, refusal.error);
  if (failure.retryable && !failure.turnedAway) throw failure;
  throw new AbortError(failure);
}
