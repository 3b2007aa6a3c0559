/** Keys to our own API: `prov_<id>_<secret>`. The secret is shown once, to who makes it; the books hold its digest. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { findApiKey, insertApiKey, type NewApiKey, noteApiKeyUse } from '../db/api-keys.ts';
import type { Tables } from '../db/tables.ts';
import { type RoleName, roleNames } from '../model/role.ts';
import { sameText, sha256 } from './digest.ts';

const form = /^prov_(?<id>[0-9a-f]{12})_(?<secret>[\w-]{43})$/;
/** The last use is noted at most so often. */
const useNotedMs = 60_000;
/** A key order in the control folder. */
const orderFile = /^api-key-[0-9a-f]{12}\.json$/;
/** Compared with when there is no such key, so that the answer takes as long. */
const nobody = sha256('nobody');

/** What somebody asks for. */
export interface KeyWish {
  /** Who or what will use it, for the audit. */
  readonly name: string;
  readonly role: RoleName;
  readonly expiresAt: Date | null;
}

/** Who a key stands for. */
export interface KeyHolder {
  readonly id: string;
  readonly name: string;
  readonly role: RoleName;
}

/** A fresh key: its text, to be shown once, and what the books get. */
export function makeApiKey(
  wish: KeyWish,
  by: string,
  now: Date,
): { readonly text: string; readonly record: NewApiKey } {
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return {
    text: `prov_${id}_${secret}`,
    record: { id, ...wish, sha256: sha256(secret), madeAt: now, madeBy: by },
  };
}

/** Who the key stands for; `null`: it is no key, or it has ended. */
export async function verifyApiKey(db: Kysely<Tables>, text: string, now: Date): Promise<KeyHolder | null> {
  const parts = form.exec(text)?.groups;
  if (parts === undefined) return null;
  const { id = '', secret = '' } = parts;
  const key = await findApiKey(db, id);
  const same = sameText(sha256(secret), key?.sha256 ?? nobody);
  if (key === null || !same || key.revokedAt !== null) return null;
  if (key.expiresAt !== null && key.expiresAt <= now) return null;
  if (key.usedAt === null || now.getTime() - key.usedAt.getTime() >= useNotedMs) {
    await noteApiKeyUse(db, id, now);
  }
  return { id, name: `key:${key.name}`, role: key.role };
}

/** What a key order in the control folder says: everything but the secret. */
const KeyOrder = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  name: z.string().min(1).max(100),
  role: z.enum(roleNames),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  madeAt: z.coerce.date(),
  madeBy: z.string().max(100),
  expiresAt: z.coerce.date().nullable(),
});

/** Name of the file by which the command line has a key noted; only the digest is in it. */
export function keyOrderFile(id: string): string {
  return `api-key-${id}.json`;
}

/**
 * Notes the keys that were ordered through the control folder: who may write there may have a key.
 *
 * @returns how many there were; a file that is no order is left alone
 */
export async function adoptKeyOrders(db: Kysely<Tables>, folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  let adopted = 0;
  for (const name of names.filter((each) => orderFile.test(each))) {
    const path = join(folder, name);
    const order = KeyOrder.safeParse(parseJson(await readFile(path, 'utf8').catch(() => '')));
    if (!order.success || keyOrderFile(order.data.id) !== name) continue;
    await insertApiKey(db, order.data);
    await rm(path, { force: true });
    adopted += 1;
  }
  return adopted;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
