/** What was last pushed of each workspace's history, and what came of it. */
import type { Kysely } from 'kysely';
import type { Condition } from '../model/condition.ts';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

export interface RemoteRecord {
  /** Address and commits that were pushed, in one text. */
  readonly tips: string;
  readonly triedAt: Date;
  /** `null`: the remote has them. */
  readonly problem: Condition | null;
}

export async function findRemote(db: Kysely<Tables>, product: ProductId): Promise<RemoteRecord | null> {
  const row = await db
    .selectFrom('workspace_remote')
    .select(['tips', 'tried_at', 'problem'])
    .where('product', '=', product)
    .executeTakeFirst();
  return row === undefined ? null : { tips: row.tips, triedAt: row.tried_at, problem: row.problem };
}

export async function noteRemote(
  db: Kysely<Tables>,
  product: ProductId,
  { tips, triedAt, problem }: RemoteRecord,
): Promise<void> {
  const row = { tips, tried_at: triedAt, problem: problem === null ? null : JSON.stringify(problem) };
  await db
    .insertInto('workspace_remote')
    .values({ product, ...row })
    .onConflict((conflict) => conflict.column('product').doUpdateSet(row))
    .execute();
}
