/** The audit, to be read: who did what to what, when and why. */
import { type Kysely, sql as raw, type Selectable } from 'kysely';
import type { AuditTable, Tables } from '../db/tables.ts';
import type { ProductId } from '../model/ids.ts';
import type { Cause } from '../model/run.ts';
import { type Page, type Slice, type TimeCursor, toPage } from './page.ts';

/** One row of the audit. */
export interface AuditLine {
  readonly id: string;
  readonly at: Date;
  /** `provisioner`, or `person:<name>`. */
  readonly actor: string;
  readonly cause: Cause;
  readonly product: ProductId | null;
  readonly run: string | null;
  readonly action: string;
  readonly target: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  /** Its number in the chain; `null` for some seconds. */
  readonly seq: string | null;
  /** SHA-256 (hex) over the hash before it and this row; `null` for some seconds. */
  readonly hash: string | null;
}

export interface AuditFilter {
  readonly product?: ProductId | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** At or after. */
  readonly from?: Date | undefined;
  /** Before. */
  readonly until?: Date | undefined;
}

/** Newest first. */
export async function listAudit(
  db: Kysely<Tables>,
  filter: AuditFilter,
  { after, limit }: Slice<TimeCursor>,
): Promise<Page<AuditLine>> {
  let query = selectAudit(db, filter).orderBy('at', 'desc').orderBy('id', 'desc');
  if (after !== null)
    query = query.where(raw<boolean>`(at, id) < (cast(${after[0]} as timestamptz), ${after[1]})`);
  const rows = await query.limit(limit + 1).execute();
  return toPage(rows, limit, (row) => [row.at, row.id], toLine);
}

/** Rows that one query of the stream fetches: what is held in memory at a time. */
const streamedAtOnce = 500;

/** Every row that fits, oldest first, however many there are. */
export async function* streamAudit(db: Kysely<Tables>, filter: AuditFilter): AsyncGenerator<AuditLine> {
  let last: AuditLine | undefined;
  for (;;) {
    let query = selectAudit(db, filter).orderBy('at').orderBy('id');
    if (last !== undefined)
      query = query.where(raw<boolean>`(at, id) > (cast(${last.at} as timestamptz), ${last.id})`);
    const rows = await query.limit(streamedAtOnce).execute();
    const lines = rows.map(toLine);
    yield* lines;
    last = lines.at(-1);
    if (lines.length < streamedAtOnce) return;
  }
}

function selectAudit(db: Kysely<Tables>, { product, actor, action, from, until }: AuditFilter) {
  let query = db.selectFrom('audit').selectAll();
  if (product !== undefined) query = query.where('product', '=', product);
  if (actor !== undefined) query = query.where('actor', '=', actor);
  if (action !== undefined) query = query.where('action', '=', action);
  if (from !== undefined) query = query.where('at', '>=', from);
  if (until !== undefined) query = query.where('at', '<', until);
  return query;
}

/** Numbers of 64 bits come as numbers from one engine and as text from the other. */
function toLine({ seq, ...row }: Selectable<AuditTable>): AuditLine {
  return { ...row, seq: seq === null ? null : String(seq) };
}
