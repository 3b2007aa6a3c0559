/** One product with everything that our books know of it; never a secret nor the digest of one. */
import type { Kysely } from 'kysely';
import { listKeys } from '../db/access-keys.ts';
import type { Tables } from '../db/tables.ts';
import type { ProductId } from '../model/ids.ts';
import { type GrantLine, listGrants } from './grants.ts';
import { longestPage } from './page.ts';
import { type ProductLine, toLine } from './products.ts';

/** A key that we made. */
export interface KeyLine {
  readonly id: string;
  readonly state: 'issued' | 'current' | 'grace';
  readonly issuedAt: Date;
  /** When a key that was replaced stops working. */
  readonly graceUntil: Date | null;
  /** When it ends by itself; lasting keys have none. */
  readonly expiresAt: Date | null;
}

export interface ProductDetail extends ProductLine {
  readonly retiredAt: Date | null;
  /** When everything was last compared with what should be. */
  readonly checkedAt: Date | null;
  /** Why a new key was asked for and is not made yet. */
  readonly rotateWhy: string | null;
  /** Folder of the workspace below `.archive/`, while it lies there. */
  readonly archive: string | null;
  /** A person agreed to its tear-down while the brake held it. */
  readonly teardownAgreed: boolean;
  /** Paths of the files that we render, in order. */
  readonly files: readonly string[];
  readonly keys: readonly KeyLine[];
  /** What it reads; at most `longestPage`. */
  readonly inputs: readonly GrantLine[];
  /** Who reads it; at most `longestPage`, `listGrants` has the rest. */
  readonly consumers: readonly GrantLine[];
  /** When the clock has it looked at again. */
  readonly nextLookAt: Date | null;
  /** Failed runs in a row. */
  readonly failures: number;
}

/** `null`: our books have no such product. */
export async function findProductDetail(db: Kysely<Tables>, id: ProductId): Promise<ProductDetail | null> {
  const row = await db
    .selectFrom('product')
    .leftJoin('wake', 'wake.product', 'product.id')
    .selectAll('product')
    .select(['wake.at as wake_at', 'wake.attempts'])
    .where('product.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return null;
  const all = { after: null, limit: longestPage };
  const [keys, inputs, consumers] = await Promise.all([
    listKeys(db, id),
    listGrants(db, { consumer: id }, all),
    listGrants(db, { provider: id }, all),
  ]);
  return {
    ...toLine(row),
    retiredAt: row.retired_at,
    checkedAt: row.checked_at,
    rotateWhy: row.rotate_why,
    archive: row.archive,
    teardownAgreed: row.teardown_agreed,
    files: Object.keys(row.files).sort(),
    keys: keys
      .map(({ id: key, state, issuedAt, graceUntil, expiresAt }) => ({
        id: key,
        state,
        issuedAt,
        graceUntil,
        expiresAt,
      }))
      .sort((left, right) => right.issuedAt.getTime() - left.issuedAt.getTime()),
    inputs: inputs.items,
    consumers: consumers.items,
    nextLookAt: row.wake_at,
    failures: row.attempts ?? 0,
  };
}
