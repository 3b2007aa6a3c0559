/** The tables of the `provisioner` schema, as Kysely sees them. Column units: times are instants, `ms` milliseconds. */
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { Condition } from '../model/condition.ts';
import type { OutputPortId, ProductId } from '../model/ids.ts';
import type { NoticeKind } from '../model/notice.ts';
import type { RoleName } from '../model/role.ts';
import type { ActionRecord, Cause } from '../model/run.ts';

type Instant = ColumnType<Date, Date, Date>;
type MaybeInstant = ColumnType<Date | null, Date | null | undefined, Date | null>;
type MaybeText = ColumnType<string | null, string | null | undefined, string | null>;
type MaybeJson = ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>;
type Json<T extends object> = JSONColumnType<T, string, string>;

/** One received webhook: what it said in a few words, never its body. */
export interface DeliveryTable {
  id: string;
  received_at: Instant;
  generation: 'v1' | 'v2' | 'unknown';
  event: string;
  verdict: 'accepted' | 'ignored';
  reason: string | null;
  /** Ids that it named or that our own grants added. */
  products: Json<ProductId[]>;
}

/** A product we know: where its home is and how it stands. */
export interface ProductTable {
  id: ProductId;
  name: string;
  namespace: string;
  /** Safe name of the home: folder below the output path and first part of every object key. */
  home: string;
  /** `live`: has or gets a home; `held`: gone, but the brake holds the tear-down; `retiring`, `retired`. */
  state: 'live' | 'held' | 'retiring' | 'retired';
  /** A person agreed that this product, held by the brake, is torn down. */
  teardown_agreed: Generated<boolean>;
  conditions: Json<Condition[]>;
  template: string | null;
  /** Path → SHA-256 of what was last rendered there. */
  files: Json<Record<string, string>>;
  updated_at: Instant;
  retired_at: MaybeInstant;
  /** While set, runs observe and plan, and apply nothing. */
  paused_at: MaybeInstant;
  /** Who paused it. */
  paused_by: MaybeText;
  /** A person, or a leak, asked for a new key: why. The next run makes it and clears this. */
  rotate_why: MaybeText;
  /** When everything was last compared with what should be (the drift check). */
  checked_at: MaybeInstant;
  /** What the portal's lists said of it when it was last brought in order; null: it has to be looked at. */
  fingerprint: MaybeText;
  /** Digest of the lines that we last wrote to `.env`, without credentials; null: not known. */
  env_sha256: MaybeText;
  /** Folder of the workspace below `.archive/`, from retirement to the sweep or the undelete. */
  archive: MaybeText;
}

/** Who does the timed work: one process at a time, until it does not renew its claim any more. */
export interface LeaseTable {
  name: string;
  holder: string;
  until: Instant;
}

/** The whole estate is paused: one row while it is. */
export interface EstatePauseTable {
  id: number;
  at: Instant;
  by: string;
}

/**
 * What was done, by whom, why, to what. Rows are added in the transaction of what they tell of, and get their number
 * and hash within seconds (`seq` and `hash` are null until then).
 */
export interface AuditTable {
  id: string;
  at: Instant;
  /** `provisioner`, or `person:<name>`. */
  actor: string;
  cause: Json<Cause>;
  product: ProductId | null;
  run: string | null;
  action: string;
  target: string;
  before: MaybeJson;
  after: MaybeJson;
  seq: ColumnType<string | null, string | null, string | null>;
  /** SHA-256 (hex) over the previous row's hash and this row's content. */
  hash: string | null;
}

/** Number and hash of the newest sealed row. */
export interface AuditHeadTable {
  id: number;
  seq: ColumnType<string, string, string>;
  hash: string;
}

/**
 * When the clock has a product looked at again: a grace period or an approval ends, or a failed run is tried again.
 * Apart from `product`, because a product that could not even be read once has no row there.
 */
export interface WakeTable {
  product: ProductId;
  at: ColumnType<Date | null, Date | null, Date | null>;
  /** Failed runs in a row. */
  attempts: number;
}

/** Who reads what, as last put into force. */
export interface GrantTable {
  consumer: ProductId;
  output_port: OutputPortId;
  provider: ProductId;
  since: Instant;
  /** Name of the port when last recorded; null = recorded before names were. */
  output_port_name: string | null;
  /** Last day of the approval, `YYYY-MM-DD`; null = without end, or unknown when the name is. */
  valid_until: string | null;
}

/** Access keys that we made. The secret is never here, only its digest, to recognise a `.env` that was changed. */
export interface AccessKeyTable {
  /** Of a session its name, which is not what requests are signed with. */
  id: string;
  product: ProductId;
  state: 'issued' | 'current' | 'grace';
  secret_sha256: string | null;
  issued_at: Instant;
  grace_until: ColumnType<Date | null, Date | null, Date | null>;
  /** When a session ends by itself; lasting keys have none. */
  expires_at: ColumnType<Date | null, Date | null, Date | null>;
  /** When it was proven under the policy of today; null: never, or the policy was changed since or is about to be. */
  proven_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
}

/** Digest of the token that a workspace exchanges for sessions. */
export interface CredentialTokenTable {
  product: ProductId;
  sha256: string;
}

/** The group that a workspace's files belong to, where each has its own; kept for ever, as homes are. */
export interface WorkspaceGroupTable {
  home: string;
  /** Numeric id, from the base on that the platform gives. */
  gid: ColumnType<string | number, number, number>;
}

/** What was last pushed of a workspace's history. */
export interface WorkspaceRemoteTable {
  product: ProductId;
  /** Address and commits, in one text. */
  tips: string;
  tried_at: Instant;
  /** What people are told while the remote does not have them. */
  problem: ColumnType<Condition | null, string | null, string | null>;
}

/** One reconcile of one product. */
export interface RunTable {
  id: string;
  product: ProductId;
  cause: Json<Cause>;
  started_at: Instant;
  ms: number;
  outcome: 'succeeded' | 'failed';
  error_code: string | null;
  error_message: string | null;
  actions: Json<ActionRecord[]>;
}

/** The brake: one row while it is on. */
export interface BrakeTable {
  id: number;
  engaged_at: Instant;
  reason: string;
}

/**
 * Something that people are told of by one channel. A row lives as long as that is so, and until the word that it is
 * over was sent.
 */
export interface NotificationTable {
  /** Id of a product, or `brake`. */
  subject: string;
  reason: string;
  channel: string;
  kind: NoticeKind;
  facts: Json<{ product: string; home: string; message: string }>;
  opened_at: Instant;
  told_at: ColumnType<Date | null, Date | null, Date | null>;
  over_at: ColumnType<Date | null, Date | null, Date | null>;
  /** When something is to be sent; `null` = nothing is. */
  next_at: ColumnType<Date | null, Date | null, Date | null>;
  /** Tries to send it that failed. */
  attempts: number;
}

/** Keys to our own API. `sha256` is over 32 random bytes: it opens nothing. */
export interface ApiKeyTable {
  /** The public part: `prov_<id>_<secret>`. */
  id: string;
  name: string;
  role: RoleName;
  sha256: string;
  made_at: Instant;
  made_by: string;
  expires_at: MaybeInstant;
  /** Up to a minute behind. */
  used_at: MaybeInstant;
  revoked_at: MaybeInstant;
}

/** People who are logged in. The cookie holds what `sha256` is made of. */
export interface SessionTable {
  sha256: string;
  name: string;
  role: RoleName;
  /** The key that was logged in with; revoking it ends the session. */
  api_key: string | null;
  made_at: Instant;
  expires_at: Instant;
}

/** The way of a new version of a template, `<id>@<version>`. */
export interface RolloutTable {
  template: string;
  /** `canary`: a few products try it; `stopped`: too many of them failed, a person decides; `all`. */
  stage: 'canary' | 'all' | 'stopped';
  begun_at: Instant;
}

/** A product that tries a new version first, or was asked and does not. */
export interface RolloutCanaryTable {
  template: string;
  product: ProductId;
  /** `unfit`: it is none of those that may; `null`: it tries. */
  outcome: 'succeeded' | 'failed' | 'unfit' | null;
}

export interface Tables {
  rollout: RolloutTable;
  rollout_canary: RolloutCanaryTable;
  delivery: DeliveryTable;
  product: ProductTable;
  wake: WakeTable;
  grant: GrantTable;
  access_key: AccessKeyTable;
  credential_token: CredentialTokenTable;
  workspace_group: WorkspaceGroupTable;
  workspace_remote: WorkspaceRemoteTable;
  run: RunTable;
  brake: BrakeTable;
  lease: LeaseTable;
  estate_pause: EstatePauseTable;
  audit: AuditTable;
  audit_head: AuditHeadTable;
  notification: NotificationTable;
  api_key: ApiKeyTable;
  session: SessionTable;
}
