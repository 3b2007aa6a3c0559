/** What should be and what is there, in the planner's terms. */
import type { PolicyDocument } from '../grants/policy.ts';
import type { GrantFacts } from '../model/grant.ts';
import type { HomeName } from '../model/home.ts';
import type { WantedFile } from './plan-files.ts';

/** A product that should have a home. */
export interface DesiredHome {
  readonly kind: 'home';
  readonly home: HomeName;
  /** Name of our finalizer; `null` = none wanted. */
  readonly finalizer: string | null;
  readonly policy: PolicyDocument;
  readonly readable: readonly HomeName[];
  /** Ports whose grants should be in force, sorted. */
  readonly grants: readonly string[];
  /** What is to be told of these grants: names and ends open nothing, so a change of them alone needs no new key. */
  readonly grantFacts: readonly GrantFacts[];
  readonly files: readonly WantedFile[];
  /** Whether workspaces have a history. */
  readonly history: boolean;
  /** The template has a new version that this product does not follow yet: files stay as they are. */
  readonly holdFiles: boolean;
  /** The block of `.env` without the credentials. */
  readonly env: Readonly<Record<string, string>>;
  readonly rotateOnAccessChange: boolean;
  /** Why a person, or a leak, asked for a new key. */
  readonly rotateWhy: string | null;
  /** A lasting key is replaced when it is so old; `null` = never. */
  readonly keyMaxAgeMs: number | null;
  readonly keysPerPrincipal: number;
  /** Lasting keys, or ones that end by themselves. */
  readonly credentials: 'keys' | 'sessions';
  /** Sessions keep what they were opened with: the store knows no policy of the product. */
  readonly fixedPolicy: boolean;
}

/** A product that should have nothing (any more). */
export interface DesiredNothing {
  readonly kind: 'nothing';
  readonly home: HomeName;
  /** Our finalizer is on the product and must go last. */
  readonly finalizerHeld: boolean;
  readonly purge: boolean;
  /** Products have principals of their own. */
  readonly hasPrincipal: boolean;
}

export type Desired = DesiredHome | DesiredNothing;

/** An access key: what the store lists, joined with our books. */
export interface ObservedKey {
  /** Its name there; a session's is not what requests are signed with. */
  readonly id: string;
  readonly active: boolean;
  /** Whether the store can end it; a session that it can not ends by itself. */
  readonly endable: boolean;
  /** `unknown`: in the store, not in our books. */
  readonly state: 'issued' | 'current' | 'grace' | 'unknown';
  readonly graceUntilMs: number | null;
  /** When it ends by itself; `null` = never. */
  readonly expiresAtMs: number | null;
  readonly issuedAtMs: number;
  /** Digest of its secret, of a session also of the other parts; `null` when unknown. */
  readonly secretSha256: string | null;
  /** It was proven under the policy of today. */
  readonly proven: boolean;
}

/** The managed block found in `.env`. */
export interface ObservedEnv {
  /** Everything but the credentials. */
  readonly entries: Readonly<Record<string, string>>;
  readonly keyId: string;
  readonly secretSha256: string;
  /** The key stands there under each of its names: our own, and those that AWS's tools read. */
  readonly consistent: boolean;
  /** The lines of `entries` are not those that we wrote last, as far as we know. */
  readonly edited: boolean;
  /** The file has the mode and owner it should have. */
  readonly guarded: boolean;
  /** How others can have read the key; `null`: not that we know. */
  readonly exposed: string | null;
  /** The secret can be had for a proof. */
  readonly provable: boolean;
}

export interface Observed {
  readonly finalizers: readonly string[];
  readonly marked: boolean;
  readonly principalExists: boolean;
  readonly policy: unknown;
  readonly keys: readonly ObservedKey[];
  /** Path → digest of what lies there; absent = no file. */
  readonly files: Readonly<Record<string, string>>;
  /** Path → digest of what was last rendered. */
  readonly rendered: Readonly<Record<string, string>>;
  /** The workspace's history has begun, or none is wanted. */
  readonly history: boolean;
  /** Files whose new version lies beside them, for a person to look at. */
  readonly conflicts: readonly string[];
  /** Files beside which lies what was in their place. */
  readonly displaced: readonly string[];
  readonly env: ObservedEnv | null;
  readonly grants: readonly string[];
  readonly grantFacts: readonly GrantFacts[];
  readonly workspaceExists: boolean;
  /** What lies in the workspace could not be looked at: nothing follows from what seems to be missing there. */
  readonly unseen: boolean;
  /** Folder of the workspace in the archive, where it can be brought back from. */
  readonly archive: string | null;
  readonly nowMs: number;
}
