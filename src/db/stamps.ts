/** When each kind of thing last changed: one cheap question, for those that want to know whether to look again. */
import { type Kysely, sql as raw } from 'kysely';
import type { ProductId } from '../model/ids.ts';
import type { Tables } from './tables.ts';

/** Texts to be compared with earlier ones; what they say is of no matter. */
export interface Stamps {
  readonly runs: string;
  readonly deliveries: string;
  readonly products: string;
  readonly access: string;
  readonly audit: string;
  /** Brake and pause of the estate. */
  readonly estate: string;
  /** Products noted since the given instant, at most `mostChanged`. */
  readonly changed: readonly ProductId[];
  /** The newest note on a product. */
  readonly newest: Date | null;
}

export const mostChanged = 200;

/** Reads all stamps in one statement. */
export async function readStamps(db: Kysely<Tables>, since: Date | null): Promise<Stamps> {
  const noted = db
    .selectFrom('product')
    .select('id')
    .where((on) => (since === null ? on.lit(false) : on('updated_at', '>', since)))
    .limit(mostChanged);
  const row = await db
    .selectNoFrom((field) => [
      field.selectFrom('run').select(raw<string>`max(started_at)::text`.as('at')).as('runs'),
      field.selectFrom('delivery').select(raw<string>`max(received_at)::text`.as('at')).as('deliveries'),
      field.selectFrom('product').select(raw<Date>`max(updated_at)`.as('at')).as('newest'),
      field.selectFrom('grant').select(raw<string>`max(since)::text`.as('at')).as('granted'),
      // Counted, as one that is revoked is gone; apart, so that the newest comes from its index.
      field.selectFrom('grant').select(raw<string>`count(*)`.as('count')).as('grants'),
      field.selectFrom('audit').select(raw<string>`max(at)::text`.as('at')).as('audit'),
      field.selectFrom('brake').select(raw<string>`max(engaged_at)::text`.as('at')).as('brake'),
      field.selectFrom('estate_pause').select(raw<string>`max(at)::text`.as('at')).as('pause'),
      field.selectFrom(noted.as('noted')).select(raw<ProductId[]>`json_agg(id)`.as('ids')).as('changed'),
    ])
    .executeTakeFirstOrThrow();
  // Whatever is noted of a product, a pause too, is noted with its instant, and no product is ever taken out.
  const products = String(row.newest?.getTime());
  return {
    // A run is noted when it ends, under the instant at which it began: its product tells that there is a new one.
    runs: `${row.runs} ${products}`,
    deliveries: row.deliveries ?? '',
    products,
    access: `${row.granted} ${row.grants}`,
    audit: row.audit ?? '',
    estate: `${row.brake} ${row.pause}`,
    changed: row.changed ?? [],
    newest: row.newest,
  };
}
