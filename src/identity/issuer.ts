/** Port: makes principals and access keys in one kind of store. Adapters are private to `issuers/`. */
import type { PolicyDocument } from '../grants/policy.ts';
import type { ProductId } from '../model/ids.ts';
import type { SelfService } from '../model/store-report.ts';

/** Name of a principal in the store: made of the product's id, so two products can never share one. */
export type PrincipalName = string & { readonly __brand: 'PrincipalName' };

/** `dp-` and the product's UUID: 39 characters, unique whatever the case (IAM allows 64, case-insensitive). */
export function principalNameOf(product: ProductId): PrincipalName {
  return `dp-${product}` as PrincipalName;
}

/** A key as the store lists it. */
export interface ListedKey {
  /** The `name` of an `AccessKey`. */
  readonly id: string;
  readonly active: boolean;
  /** Nothing but time ends it. */
  readonly endsAlone?: true;
}

/** A key with its secret, as it exists once: in the answer that made it. */
export interface AccessKey {
  /** What it is known by to the store's administration and to our books; with a lasting key the same as `id`. */
  readonly name: string;
  /** What requests are signed with. */
  readonly id: string;
  readonly secret: string;
  /** Set when it is no lasting key: it is used with this token, and ends by itself. */
  readonly session: { readonly token: string; readonly expiresAt: Date } | null;
}

/** What is in the store now. `policy` is what was found, with what stands beside it (`null`: none). */
export interface ObservedPrincipal {
  readonly exists: boolean;
  readonly policy: unknown;
  readonly keys: readonly ListedKey[];
}

/** What an identity API can hold. */
export interface IssuerLimits {
  /** Largest policy, in characters without white space. */
  readonly policySize: number;
  /** Keys that one principal may have at a time. */
  readonly keysPerPrincipal: number;
}

/** The kind of store behind an issuer, for people: log, health. */
export interface IssuerKind {
  /** Its name; of a server that does not tell its own, the API and where it is. */
  readonly store: string;
  readonly limits: IssuerLimits;
  /** `sessions`: what it gives ends by itself, and before that with its name. */
  readonly credentials: 'keys' | 'sessions';
  /**
   * How long a session goes on with what it was opened with, when that is taken away or the product ends; `null`: not at
   * all, as it follows the principal's policy at each call.
   */
  readonly fixedForMs: number | null;
}

/** How an observation is made. */
export interface ObserveOptions {
  /** Names in our books: a key whose making was cut off is found by its name only. */
  readonly booked: readonly string[];
  /** Also looks for keys that a key made below itself, and for rights beside ours; costs time. */
  readonly thorough: boolean;
}

/**
 * All methods throw `ProvisionerError` with `STORE_UNAVAILABLE` (try again), `STORE_DENIED` (our own rights) or
 * `STORE_REJECTED`. All but `createKey` and `renewKey` are idempotent. What a `createKey` left behind whose answer was lost is listed
 * by `observe`, and is known by not being in our books, or by being there without a secret.
 */
export interface Issuer {
  readonly kind: IssuerKind;
  /** Changes nothing. */
  observe(principal: PrincipalName, options: ObserveOptions): Promise<ObservedPrincipal>;
  ensurePrincipal(principal: PrincipalName): Promise<void>;
  /**
   * @param found the policy that `observe` gave: what somebody else gave the principal beside it, where the store has such,
   * is taken off; nothing is that was not found
   */
  putPolicy(principal: PrincipalName, policy: PolicyDocument, found?: unknown): Promise<void>;
  /** A fresh name for a key, to be noted before it is made; `null` where the store chooses the name. */
  proposeKeyId(): string | null;
  /**
   * Not idempotent: each call makes a key.
   *
   * @param name what `proposeKeyId` gave
   * @param policy what the key may do, for a store that keeps no policy by principal
   */
  createKey(principal: PrincipalName, name: string | null, policy?: PolicyDocument): Promise<AccessKey>;
  /**
   * Opens another session under the name of one that was made and not ended since; those that are open stay. Only where
   * credentials are sessions.
   */
  renewKey(principal: PrincipalName, name: string, policy?: PolicyDocument): Promise<AccessKey>;
  /** Switches off the key, or all sessions under the name. */
  disableKey(principal: PrincipalName, name: string): Promise<void>;
  /** Ends the key, or all sessions under the name. */
  deleteKey(principal: PrincipalName, name: string): Promise<void>;
  /** Removes the principal with its policy; its keys must be gone. */
  deletePrincipal(principal: PrincipalName): Promise<void>;
  /**
   * Tries, with the key, what it could do to itself past us, for a probe: the key may be worth nothing afterwards. Not
   * there: nothing can be tried.
   */
  trySelfService?(principal: PrincipalName, key: AccessKey): Promise<readonly SelfService[]>;
  /** One cheap call that shows whether the API answers and takes our identity. */
  check(): Promise<void>;
}
