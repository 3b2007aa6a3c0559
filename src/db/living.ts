/** Products that live, in few words: for work that goes through all of them. */
import { type Kysely, sql as raw } from 'kysely';
import type { HomeName } from '../model/home.ts';
import { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

export interface LivingProduct {
  readonly id: ProductId;
  readonly home: HomeName;
}

/** In order of their homes. @param template only those of `<id>`, or of `<id>@<version>` */
export async function listLiving(db: Kysely<Tables>, template?: string): Promise<LivingProduct[]> {
  let query = db.selectFrom('product').select(['id', 'home']).where('state', '=', 'live').orderBy('home');
  if (template !== undefined) {
    query = query.where((on) =>
      on.or([on('template', '=', template), on(raw`split_part(template, '@', 1)`, '=', template)]),
    );
  }
  const rows = await query.execute();
  // Written by us, as a name that was made safe.
  return rows.map(({ id, home }) => ({ id: ProductId.parse(id), home: home as HomeName }));
}
