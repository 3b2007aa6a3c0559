/** Who a key to our own API stands for. */
import type { Kysely } from 'kysely';
import { findApiKey, noteApiKeyUse } from '../db/api-keys.ts';
import type { Tables } from '../db/tables.ts';
import type { RoleName } from '../model/role.ts';
import { sameText, sha256 } from './digest.ts';
import { readApiKey } from './key-text.ts';

/** The last use is noted at most so often. */
const useNotedMs = 60_000;
/** Compared with when there is no such key, so that the answer takes as long. */
const nobody = sha256('nobody');

export interface KeyHolder {
  readonly id: string;
  readonly name: string;
  readonly role: RoleName;
  /** `null`: it has no end. */
  readonly expiresAt: Date | null;
}

/** Who the key stands for; `null`: it is no key, or it has ended. */
export async function verifyApiKey(db: Kysely<Tables>, text: string, now: Date): Promise<KeyHolder | null> {
  const given = readApiKey(text);
  if (given === null) return null;
  const key = await findApiKey(db, given.id);
  const same = sameText(given.digest, key?.sha256 ?? nobody);
  if (key === null || !same || key.revokedAt !== null) return null;
  if (key.expiresAt !== null && key.expiresAt <= now) return null;
  if (key.usedAt === null || now.getTime() - key.usedAt.getTime() >= useNotedMs) {
    await noteApiKeyUse(db, key.id, now);
  }
  return { id: key.id, name: `key:${key.name}`, role: key.role, expiresAt: key.expiresAt };
}
