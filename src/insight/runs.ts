/** Runs: what was done about products, when, why and how it ended. */
import { type Kysely, sql as raw } from 'kysely';
import type { Tables } from '../db/tables.ts';
import type { ProductId } from '../model/ids.ts';
import type { ActionRecord, Cause } from '../model/run.ts';
import { type DeliveryLine, findDeliveryLine } from './deliveries.ts';
import { type Page, type Slice, type TimeCursor, toPage } from './page.ts';

/** One line of the list. */
export interface RunLine {
  readonly id: string;
  readonly product: ProductId;
  /** `null` for a product that our books do not know. */
  readonly productName: string | null;
  readonly cause: Cause;
  readonly startedAt: Date;
  readonly ms: number;
  readonly outcome: 'succeeded' | 'failed';
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  /** How many actions it had. */
  readonly actionCount: number;
}

/** A run with its actions in order, and the delivery that caused it while that is kept. */
export interface RunDetail extends RunLine {
  readonly actions: readonly ActionRecord[];
  readonly delivery: DeliveryLine | null;
}

export interface RunFilter {
  readonly outcome?: 'succeeded' | 'failed' | undefined;
  readonly product?: ProductId | undefined;
  /** Runs that this delivery caused. */
  readonly delivery?: string | undefined;
  /** Started at or after. */
  readonly from?: Date | undefined;
  /** Started before. */
  readonly until?: Date | undefined;
}

const selectRuns = (db: Kysely<Tables>) =>
  db
    .selectFrom('run')
    .leftJoin('product', 'product.id', 'run.product')
    .select(['run.id', 'run.product', 'product.name', 'run.cause', 'run.started_at', 'run.ms'])
    .select(['run.outcome', 'run.error_code', 'run.error_message'])
    .select(raw<number>`jsonb_array_length(run.actions)`.as('action_count'));

type Row = Awaited<ReturnType<ReturnType<typeof selectRuns>['execute']>>[number];

/** Newest first. */
export async function listRuns(
  db: Kysely<Tables>,
  filter: RunFilter,
  { after, limit }: Slice<TimeCursor>,
): Promise<Page<RunLine>> {
  let query = selectRuns(db).orderBy('run.started_at', 'desc').orderBy('run.id', 'desc');
  if (filter.outcome !== undefined) query = query.where('run.outcome', '=', filter.outcome);
  if (filter.product !== undefined) query = query.where('run.product', '=', filter.product);
  if (filter.delivery !== undefined) query = query.where(raw`run.cause->>'delivery'`, '=', filter.delivery);
  if (filter.from !== undefined) query = query.where('run.started_at', '>=', filter.from);
  if (filter.until !== undefined) query = query.where('run.started_at', '<', filter.until);
  if (after !== null) {
    query = query.where(
      raw<boolean>`(run.started_at, run.id) < (cast(${after[0]} as timestamptz), ${after[1]})`,
    );
  }
  const rows = await query.limit(limit + 1).execute();
  return toPage(rows, limit, (row) => [row.started_at, row.id], toLine);
}

/** `null`: there is no such run, or it is no longer kept. */
export async function findRun(db: Kysely<Tables>, id: string): Promise<RunDetail | null> {
  const row = await selectRuns(db).select('run.actions').where('run.id', '=', id).executeTakeFirst();
  if (row === undefined) return null;
  const { cause } = row;
  const delivery = cause.kind === 'delivery' ? await findDeliveryLine(db, cause.delivery) : null;
  return { ...toLine(row), actions: row.actions, delivery };
}

function toLine(row: Row): RunLine {
  return {
    id: row.id,
    product: row.product,
    productName: row.name,
    cause: row.cause,
    startedAt: row.started_at,
    ms: row.ms,
    outcome: row.outcome,
    errorCode: row.error_code,
    errorMessage: row.error_message,
    actionCount: row.action_count,
  };
}
