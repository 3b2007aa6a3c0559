/** Keys to our own API as their makers see them later: everything but what opens. */
import { type Kysely, sql as raw } from 'kysely';
import { z } from 'zod';
import { type ApiKeyRecord, toRecord } from '../db/api-keys.ts';
import type { Tables } from '../db/tables.ts';
import { cursorOf, type Page, type Slice, toPage } from './page.ts';

/** Cursor of the list. */
export const ApiKeyCursor = cursorOf<readonly [madeAt: Date, id: string]>(
  z.tuple([z.iso.datetime().transform((text) => new Date(text)), z.string().regex(/^[0-9a-f]{12}$/)]),
);
type ApiKeyCursor = z.output<typeof ApiKeyCursor>;

/** Newest first, with those that ended. */
export async function listApiKeys(
  db: Kysely<Tables>,
  { after, limit }: Slice<ApiKeyCursor>,
): Promise<Page<ApiKeyRecord>> {
  let query = db.selectFrom('api_key').selectAll().orderBy('made_at', 'desc').orderBy('id', 'desc');
  if (after !== null)
    query = query.where(raw<boolean>`(made_at, id) < (cast(${after[0]} as timestamptz), ${after[1]})`);
  const rows = await query.limit(limit + 1).execute();
  return toPage(rows, limit, (row) => [row.made_at, row.id], toRecord);
}
