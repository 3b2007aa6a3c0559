/** Products that live, in few words: for work that goes through all of them. */
import { type Kysely, sql as raw } from 'kysely';
import type { HomeName } from '../model/home.ts';
import { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

export interface LivingProduct {
  readonly id: ProductId;
  readonly home: HomeName;
}

/** Those of the homes that somebody works in: their people were given a key, so everything else was there before. */
export async function findInhabited(
  db: Kysely<Tables>,
  homes: readonly HomeName[],
): Promise<LivingProduct[]> {
  if (homes.length === 0) return [];
  return livingIn(
    await inhabited(db)
      .where('home', 'in', [...homes])
      .execute(),
  );
}

/** One that somebody works in and that is not among the given ones, if there is one. */
export async function findAnotherInhabited(
  db: Kysely<Tables>,
  except: readonly HomeName[],
): Promise<LivingProduct | null> {
  const rows = await inhabited(db)
    .where('home', 'not in', [...except])
    .limit(1)
    .execute();
  return livingIn(rows)[0] ?? null;
}

function inhabited(db: Kysely<Tables>) {
  return db
    .selectFrom('product')
    .select(['id', 'home'])
    .where('state', '=', 'live')
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('access_key')
          .select('access_key.id')
          .whereRef('access_key.product', '=', 'product.id')
          .where('access_key.state', '=', 'current'),
      ),
    );
}

/** In order of their homes. @param template only those of `<id>`, or of `<id>@<version>` */
export async function listLiving(db: Kysely<Tables>, template?: string): Promise<LivingProduct[]> {
  let query = db.selectFrom('product').select(['id', 'home']).where('state', '=', 'live').orderBy('home');
  if (template !== undefined) {
    query = query.where((on) =>
      on.or([on('template', '=', template), on(raw`split_part(template, '@', 1)`, '=', template)]),
    );
  }
  return livingIn(await query.execute());
}

function livingIn(rows: readonly { readonly id: string; readonly home: string }[]): LivingProduct[] {
  // Written by us, as a name that was made safe.
  return rows.map(({ id, home }) => ({ id: ProductId.parse(id), home: home as HomeName }));
}
