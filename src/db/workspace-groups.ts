/** The group of each workspace, where each has its own. A number is never given twice: archived files still have it. */
import type { Kysely } from 'kysely';
import { ProvisionerError } from '../model/errors.ts';
import type { HomeName } from '../model/home.ts';
import type { Tables } from './tables.ts';

/** Two replicas may want the same number; one of them takes the next. */
const tries = 50;

/**
 * The home's group, the first free number when it has none.
 *
 * @param base numbers are given from here on
 * @param found the group that its folder has for itself: taken over when the books know of no other home with it
 * @throws ProvisionerError `DATABASE_UNAVAILABLE` when others were faster again and again
 */
export async function claimGroup(
  db: Kysely<Tables>,
  home: HomeName,
  base: number,
  found: number | null,
): Promise<number> {
  let wanted = found !== null && found >= base ? found : null;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const known = await db
      .selectFrom('workspace_group')
      .select('gid')
      .where('home', '=', home)
      .executeTakeFirst();
    if (known !== undefined) return Number(known.gid);
    const gid = wanted ?? (await nextFree(db, base));
    wanted = null;
    await db
      .insertInto('workspace_group')
      .values({ home, gid })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  throw new ProvisionerError('DATABASE_UNAVAILABLE', `No group could be noted for the workspace ${home}.`);
}

async function nextFree(db: Kysely<Tables>, base: number): Promise<number> {
  const { highest } = await db
    .selectFrom('workspace_group')
    .select((expression) => expression.fn.max('gid').as('highest'))
    .where('gid', '>=', base)
    .executeTakeFirstOrThrow();
  return highest === null ? base : Number(highest) + 1;
}
