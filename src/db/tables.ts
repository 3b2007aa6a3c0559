/** The tables of the `provisioner` schema, as Kysely sees them. Column units: times are instants, `ms` milliseconds. */
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { Condition } from '../model/condition.ts';
import type { OutputPortId, ProductId } from '../model/ids.ts';
import type { NoticeKind } from '../model/notice.ts';
import type { ActionRecord, Cause } from '../model/run.ts';

type Instant = ColumnType<Date, Date, Date>;
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
  retired_at: ColumnType<Date | null, Date | null, Date | null>;
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
}

/** Access keys that we made. The secret is never here, only its digest, to recognise a `.env` that was changed. */
export interface AccessKeyTable {
  id: string;
  product: ProductId;
  state: 'issued' | 'current' | 'grace';
  secret_sha256: string | null;
  issued_at: Instant;
  grace_until: ColumnType<Date | null, Date | null, Date | null>;
  /** When a session ends by itself; lasting keys have none. */
  expires_at: ColumnType<Date | null, Date | null, Date | null>;
}

/** Digest of the token that a workspace exchanges for sessions. */
export interface CredentialTokenTable {
  product: ProductId;
  sha256: string;
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

export interface Tables {
  delivery: DeliveryTable;
  product: ProductTable;
  wake: WakeTable;
  grant: GrantTable;
  access_key: AccessKeyTable;
  credential_token: CredentialTokenTable;
  run: RunTable;
  brake: BrakeTable;
  notification: NotificationTable;
}
