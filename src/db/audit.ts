/**
 * The audit: append-only rows in a hash chain. A row is added in the transaction of what it tells of; number and hash
 * come a moment later, from one place and in order, so that runs do not wait for each other's.
 */
import { createHash, randomUUID } from 'node:crypto';
import { type Kysely, sql as raw, type Transaction } from 'kysely';
import type { ProductId, RunId } from '../model/ids.ts';
import type { Cause } from '../model/run.ts';
import type { AuditTable, Tables } from './tables.ts';

/** One thing that was done. `before` and `after` never hold a secret. */
export interface AuditEntry {
  readonly at: Date;
  /** `provisioner`, or `person:<name>`. */
  readonly actor: string;
  readonly cause: Cause;
  readonly product: ProductId | null;
  readonly run: RunId | null;
  readonly action: string;
  readonly target: string;
  readonly before?: Readonly<Record<string, unknown>> | null;
  readonly after?: Readonly<Record<string, unknown>> | null;
}

/** Hash that the first row follows. */
const chainStart = '0'.repeat(64);
/** Rows of `audit_head`: the newest row of the chain, and the newest that was pruned. */
const headId = 1;
const anchorId = 0;
/** What a row says before it has its place in the chain. */
const written = [
  'id',
  'at',
  'actor',
  'cause',
  'product',
  'run',
  'action',
  'target',
  'before',
  'after',
] as const;
/** Rows that are numbered, or verified, at a time. */
const batch = 1000;

export async function insertAudit(db: Kysely<Tables>, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length > 0) await auditInsert(db, entries).execute();
}

/** The same, not made yet. */
export function auditInsert(db: Kysely<Tables>, entries: readonly AuditEntry[]) {
  const rows = JSON.stringify(entries.map((entry) => ({ ...entry, id: randomUUID() })));
  // As one value: the same statement however many they are, so that it is planned once.
  const entry = raw<AuditTable>`jsonb_populate_recordset(null::provisioner.audit, ${rows}::jsonb)`.as(
    'entry',
  );
  return db
    .insertInto('audit')
    .columns(written)
    .expression((on) => on.selectFrom(entry).select(written));
}

/** Gives waiting rows their number and hash, the oldest first. @returns how many */
export async function sealAudit(db: Kysely<Tables>): Promise<number> {
  const waiting = await db
    .selectFrom('audit')
    .select('id')
    .where('seq', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return waiting === undefined ? 0 : db.transaction().execute(sealBatch);
}

async function sealBatch(trx: Transaction<Tables>): Promise<number> {
  // Locked before the rows are read: two processes that seal at once would number the same ones.
  let { seq, hash } = await lockHead(trx);
  const rows = await trx
    .selectFrom('audit')
    .selectAll()
    .where('seq', 'is', null)
    .orderBy('at')
    .orderBy('id')
    .limit(batch)
    .execute();
  const sealed = rows.map((row) => {
    seq += 1n;
    hash = hashOf(hash, { ...row, seq: String(seq) });
    return { id: row.id, seq: String(seq), hash };
  });
  if (sealed.length === 0) return 0;
  // One statement for all, the same however many: on the embedded database each costs the thread that answers webhooks.
  await raw`
    update provisioner.audit set seq = sealed.seq, hash = sealed.hash
      from unnest(
        ${sealed.map(({ id }) => id)}::uuid[],
        ${sealed.map(({ seq }) => seq)}::bigint[],
        ${sealed.map(({ hash }) => hash)}::text[]
      ) as sealed (id, seq, hash)
     where audit.id = sealed.id and audit.seq is null`.execute(trx);
  await trx
    .updateTable('audit_head')
    .set({ seq: String(seq), hash })
    .where('id', '=', headId)
    .execute();
  return rows.length;
}

/** What a verification found. */
export type AuditVerdict =
  | { readonly ok: true; readonly rows: number }
  | { readonly ok: false; readonly rows: number; readonly seq: string; readonly what: string };

/**
 * Follows the whole chain. Finds a row that was changed, one that is missing, and an end that was cut off. Whoever can
 * write to the table can also compute a whole new chain: keep the newest hash somewhere else to find that.
 */
export async function verifyAudit(db: Kysely<Tables>): Promise<AuditVerdict> {
  for (;;) {
    const ends = await readEnds(db);
    const verdict = await followChain(db, ends);
    // Rows that were pruned meanwhile are not missing: from where the chain begins now.
    if (verdict.ok || (await readEnds(db)).anchor.seq === ends.anchor.seq) return verdict;
  }
}

/** In no transaction, which would hold the embedded database's only connection: what is added later is not looked at. */
async function followChain(db: Kysely<Tables>, { anchor, head, newest }: ChainEnds): Promise<AuditVerdict> {
  let { seq, hash } = anchor;
  const wrongAt = (at: bigint, what: string) =>
    ({ ok: false, rows: Number(seq - anchor.seq), seq: String(at), what }) as const;
  while (seq < head.seq) {
    const page = await db
      .selectFrom('audit')
      .selectAll()
      .where('seq', '>', String(seq))
      .where('seq', '<=', String(head.seq))
      .orderBy('seq')
      .limit(batch)
      .execute();
    for (const row of page) {
      if (BigInt(row.seq ?? 0) !== seq + 1n) return wrongAt(seq + 1n, 'the row is missing');
      const wanted = hashOf(hash, row);
      if (wanted !== row.hash) return wrongAt(seq + 1n, 'the row was changed');
      hash = wanted;
      seq += 1n;
    }
    if (page.length < batch && seq < head.seq)
      return wrongAt(seq + 1n, `the rows up to ${head.seq} are missing`);
  }
  if (hash !== head.hash) return wrongAt(seq, 'the last row was changed');
  if (newest > head.seq) return wrongAt(head.seq + 1n, 'the row was added behind the end of the chain');
  return { ok: true, rows: Number(seq - anchor.seq) };
}

/**
 * Drops the oldest sealed rows, up to the first that is not older than an instant; number and hash of the newest of
 * them stay as the chain's anchor. A clock that was wrong for a moment gave a row an old date amid new ones: such a row
 * waits for those before it.
 */
export async function pruneAudit(db: Kysely<Tables>, before: Date): Promise<void> {
  const kept = await sealedRows(db)
    .select('seq')
    .where('at', '>=', before)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  let old = sealedRows(db).select(['seq', 'hash']).orderBy('seq', 'desc').limit(1);
  if (kept?.seq != null) old = old.where('seq', '<', kept.seq);
  const newest = await old.executeTakeFirst();
  if (newest?.seq == null || newest.hash === null) return;
  const { seq, hash } = newest;
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('audit_head')
      .values({ id: anchorId, seq, hash })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ seq, hash }))
      .execute();
    await trx.deleteFrom('audit').where('seq', '<=', seq).execute();
  });
}

function sealedRows(db: Kysely<Tables>) {
  return db.selectFrom('audit').where('seq', 'is not', null);
}

/** A place in the chain. */
interface Link {
  readonly seq: bigint;
  readonly hash: string;
}

interface ChainEnds {
  /** The newest row that was pruned. */
  readonly anchor: Link;
  readonly head: Link;
  /** Number of the newest row that the table has. */
  readonly newest: bigint;
}

/** In one statement, so that they belong together. */
async function readEnds(db: Kysely<Tables>): Promise<ChainEnds> {
  const rows = await db
    .selectFrom((from) =>
      from
        .selectFrom('audit')
        .select(({ fn }) => fn.max('seq').as('newest'))
        .as('table'),
    )
    .leftJoin('audit_head', (join) => join.onTrue())
    .select(['table.newest', 'audit_head.id', 'audit_head.seq', 'audit_head.hash'])
    .execute();
  const linkOf = (wanted: number): Link => {
    const row = rows.find(({ id }) => id === wanted);
    return { seq: BigInt(row?.seq ?? 0), hash: row?.hash ?? chainStart };
  };
  return { anchor: linkOf(anchorId), head: linkOf(headId), newest: BigInt(rows[0]?.newest ?? 0) };
}

async function lockHead(trx: Transaction<Tables>): Promise<{ seq: bigint; hash: string }> {
  await trx
    .insertInto('audit_head')
    .values({ id: headId, seq: '0', hash: chainStart })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const head = await trx
    .selectFrom('audit_head')
    .selectAll()
    .where('id', '=', headId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return { seq: BigInt(head.seq), hash: head.hash };
}

type Sealed = {
  readonly [K in
    | 'seq'
    | 'id'
    | 'at'
    | 'actor'
    | 'cause'
    | 'product'
    | 'run'
    | 'action'
    | 'target'
    | 'before'
    | 'after']: unknown;
};

function hashOf(previous: string, row: Sealed): string {
  const { seq, id, at, actor, cause, product, run, action, target, before, after } = row;
  const moment = at instanceof Date ? at.toISOString() : at;
  // Engines differ in what they read a bigint as.
  const content = [String(seq), id, moment, actor, cause, product, run, action, target, before, after].map(
    inOrder,
  );
  return createHash('sha256').update(previous).update(JSON.stringify(content)).digest('hex');
}

/** jsonb keeps no order of keys. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, part]) => [key, inOrder(part)]);
}
