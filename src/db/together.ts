/** Changes that belong together: all of them are made, or none. */
import { type CommonTableExpressionOutput, type Kysely, type QueryCreator, sql as raw } from 'kysely';
import type { Tables } from './tables.ts';

/** A change that is not made yet. */
export type Change = CommonTableExpressionOutput<Tables, string>;

/**
 * Makes them in one statement, which is a transaction by itself: a `begin`, a `commit` and each further statement cost a
 * round trip, and on the embedded database the thread that answers webhooks. None sees what another changes, and no two
 * may change the same row (PostgreSQL documentation, data-modifying statements in `WITH`).
 */
export async function changeTogether(db: Kysely<Tables>, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  const all = changes.reduce<QueryCreator<Tables>>(
    (on, change, index) => on.with(`change_${index}`, change),
    db,
  );
  await all.selectNoFrom(raw.lit(true).as('made')).execute();
}
