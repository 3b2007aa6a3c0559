/** Digests of the tokens that are exchanged for sessions; never a token. */
import type { Kysely } from 'kysely';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

export async function findTokenDigest(db: Kysely<Tables>, product: ProductId): Promise<string | null> {
  const row = await db
    .selectFrom('credential_token')
    .select('sha256')
    .where('product', '=', product)
    .executeTakeFirst();
  return row?.sha256 ?? null;
}

/** `null` ends the token. */
export async function noteTokenDigest(
  db: Kysely<Tables>,
  product: ProductId,
  sha256: string | null,
): Promise<void> {
  if (sha256 === null) {
    await db.deleteFrom('credential_token').where('product', '=', product).execute();
    return;
  }
  await db
    .insertInto('credential_token')
    .values({ product, sha256 })
    .onConflict((conflict) => conflict.column('product').doUpdateSet({ sha256 }))
    .execute();
}
