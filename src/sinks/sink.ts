/** Port: where the secret of a product's key lies when it shall not lie in the workspace. */
import { createHash } from 'node:crypto';
import type { HomeName } from '../model/home.ts';
import type { ProductId } from '../model/ids.ts';

/** Whose secret it is. */
export interface SinkEntry {
  readonly product: ProductId;
  readonly home: HomeName;
}

/** A key to be held. */
export interface SinkKey {
  readonly id: string;
  readonly secret: string;
}

/** A key that a sink holds, with the digest by which its secret is recognised. */
export interface HeldKey {
  readonly id: string;
  readonly digest: string;
}

/** All methods throw `SECRETS_UNAVAILABLE` (try again) or `SECRETS_DENIED`; all are idempotent. */
export interface SecretSink {
  put(entry: SinkEntry, key: SinkKey): Promise<void>;
  /** `null` when there is none, or what lies there is not ours. */
  read(entry: SinkEntry): Promise<HeldKey | null>;
  remove(entry: SinkEntry): Promise<void>;
  /** Lines of the workspace's `.env` that say where it is. */
  reference(entry: SinkEntry): Readonly<Record<string, string>>;
  /** One line for people: how it is fetched. */
  howToFetch(entry: SinkEntry): string;
}

/** By which a secret, and the token that goes with it, is recognised without being kept. */
export function digestOf(secret: string, token: string | undefined): string {
  return createHash('sha256')
    .update(token === undefined ? secret : `${secret} ${token}`)
    .digest('hex');
}
