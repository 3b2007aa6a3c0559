/** Making and ending keys to our own API, each with its line in the audit. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { insertApiKey, isNameTaken, type NewApiKey, revokeApiKey } from '../db/api-keys.ts';
import { insertAudit } from '../db/audit.ts';
import { takeTurns } from '../db/lease.ts';
import type { Tables } from '../db/tables.ts';
import { keyOrderPattern } from '../model/control.ts';
import { roleNames } from '../model/role.ts';

/** The audit calls the key of the settings by it, so no other gets it. */
export const nameOfSettingsKey = 'settings';

/**
 * Idempotent by id. `false`: nothing was noted, as a key that still works has the name - the audit knows a key by its
 * name alone.
 */
export function noteKey(db: Kysely<Tables>, key: NewApiKey, by: string): Promise<boolean> {
  // One key after another: two of one name may be asked for at the same moment.
  return takeTurns(db, 'names of API keys', async (trx) => {
    if (key.name === nameOfSettingsKey || (await isNameTaken(trx, key))) return false;
    if (!(await insertApiKey(trx, key))) return true;
    const after = { name: key.name, role: key.role, expiresAt: key.expiresAt?.toISOString() ?? null };
    await insertAudit(trx, [{ ...entry('make-api-key', key.id, by, key.madeAt), after }]);
    return true;
  });
}

/** `false`: there is no such key that still works. */
export function endKey(db: Kysely<Tables>, id: string, by: string, now: Date): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const ended = await revokeApiKey(trx, id, now);
    if (ended) await insertAudit(trx, [entry('revoke-api-key', id, by, now)]);
    return ended;
  });
}

function entry(action: string, target: string, by: string, at: Date) {
  const cause = { kind: 'person', what: action, who: by } as const;
  return { at, actor: `person:${by}`, cause, product: null, run: null, action, target };
}

/** What a key order in the control folder says: everything but the secret. */
const KeyOrder = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  name: z.string().trim().min(1).max(100),
  role: z.enum(roleNames),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  madeAt: z.coerce.date(),
  madeBy: z.string().max(100),
  expiresAt: z.iso
    .datetime()
    .transform((text) => new Date(text))
    .nullable(),
});

/**
 * Notes the keys that were ordered through the control folder: who may write there may have a key. A file that is no
 * order is left alone. An order goes once its key is noted, so where there is none, none is on its way.
 */
export async function adoptKeyOrders(db: Kysely<Tables>, folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const id = keyOrderPattern.exec(name)?.groups?.id;
    if (id === undefined) continue;
    const path = join(folder, name);
    const order = KeyOrder.safeParse(parseJson(await readFile(path, 'utf8').catch(() => '')));
    if (!order.success || order.data.id !== id) continue;
    const { name: wished, madeBy } = order.data;
    // Nobody waits for an answer here, and a person without any other key may need this one: it gets a name of its own.
    if (!(await noteKey(db, order.data, madeBy)))
      await noteKey(db, { ...order.data, name: `${wished}-${id}` }, madeBy);
    await rm(path, { force: true });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
