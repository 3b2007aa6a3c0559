/** Port: where the secret of a product's key lies when it shall not lie in the workspace. */
import type { HomeName } from '../model/home.ts';
import type { ProductId } from '../model/ids.ts';

/** Whose secret it is. */
export interface SinkEntry {
  readonly product: ProductId;
  readonly home: HomeName;
}

/** A key as a sink holds it. */
export interface SinkKey {
  readonly id: string;
  readonly secret: string;
}

/** All methods throw `SECRETS_UNAVAILABLE` (try again) or `SECRETS_DENIED`; all are idempotent. */
export interface SecretSink {
  put(entry: SinkEntry, key: SinkKey): Promise<void>;
  /** `null` when there is none, or what lies there is not ours. */
  read(entry: SinkEntry): Promise<SinkKey | null>;
  remove(entry: SinkEntry): Promise<void>;
  /** Where people find it: stands in the workspace's `.env` as `S3_SECRET_REF`. */
  reference(entry: SinkEntry): string;
  /** One line that fetches the secret. */
  howToFetch(entry: SinkEntry): string;
}
