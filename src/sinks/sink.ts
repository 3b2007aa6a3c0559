/** Port: where the secret of a product's key lies when it shall not lie in the workspace. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { HomeName } from '../model/home.ts';
import type { ProductId } from '../model/ids.ts';

/** Whose secret it is. */
export interface SinkEntry {
  readonly product: ProductId;
  readonly home: HomeName;
}

/** A key to be held. */
export interface SinkKey {
  /** What our books know it by: a renewed session has the name of the one before. */
  readonly name: string;
  readonly id: string;
  readonly secret: string;
  /** Set when it ends by itself, and is used with this token. */
  readonly session: { readonly token: string; readonly expiresAt: Date } | null;
}

/** A key that a sink holds, with the digest by which its secret is recognised. */
export interface HeldKey {
  readonly id: string;
  readonly digest: string;
  /** To look for it where it must not be; `null`: whoever asks gets one of their own. */
  readonly secret: string | null;
}

/** A key that a sink holds, as it was put there. */
export interface HeldSecret {
  readonly id: string;
  readonly secret: string;
  readonly session: { readonly token: string } | null;
}

/** All methods throw `SECRETS_UNAVAILABLE` (try again) or `SECRETS_DENIED`; all are idempotent. */
export interface SecretSink {
  put(entry: SinkEntry, key: SinkKey): Promise<void>;
  /** `null` when there is none, or what lies there is not ours. */
  read(entry: SinkEntry): Promise<HeldKey | null>;
  /** The key itself, for a proof; a sink that holds no secret has no such method. */
  fetch?(entry: SinkEntry): Promise<HeldSecret | null>;
  remove(entry: SinkEntry): Promise<void>;
  /** Lines of the workspace's `.env` that say where it is. */
  reference(entry: SinkEntry): Readonly<Record<string, string>>;
  /** One line for people: how it is fetched. */
  howToFetch(entry: SinkEntry): string;
}

/** By which a lasting key's secret, or all three parts of a session, are recognised without being kept. */
export function digestOf(id: string, secret: string, token: string | undefined): string {
  return createHash('sha256')
    .update(token === undefined ? secret : `${id} ${secret} ${token}`)
    .digest('hex');
}

/** A key under the names that people find it by in a secret manager; `expires_at` is ISO 8601. */
export function fieldsOf({ id, secret, session }: SinkKey): Readonly<Record<string, string>> {
  const lasting = { access_key: id, secret_key: secret };
  if (session === null) return lasting;
  return { ...lasting, session_token: session.token, expires_at: session.expiresAt.toISOString() };
}

const Fields = z.object({
  access_key: z.string(),
  secret_key: z.string(),
  session_token: z.string().optional(),
});

/** The key that the fields are; `null` when they are not ours. */
export function heldSecretIn(fields: unknown): HeldSecret | null {
  const { data } = Fields.safeParse(fields);
  if (data === undefined) return null;
  const { access_key: id, secret_key: secret, session_token: token } = data;
  return { id, secret, session: token === undefined ? null : { token } };
}

/** What is told of a key without its secret. */
export function heldKeyOf(held: HeldSecret | null): HeldKey | null {
  if (held === null) return null;
  const { id, secret, session } = held;
  return { id, digest: digestOf(id, secret, session?.token), secret };
}
