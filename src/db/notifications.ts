/** The book of what people were told, one row per subject, reason and channel. */
import { type Kysely, sql as raw } from 'kysely';
import type { NoticeKind } from '../model/notice.ts';
import type { Tables } from './tables.ts';

type Facts = { readonly product: string; readonly home: string; readonly message: string };

/** Something that is so now. */
export interface OpenNotice {
  readonly subject: string;
  readonly reason: string;
  readonly kind: NoticeKind;
  readonly facts: Facts;
}

/** A message that is due. */
export interface DueNotification extends OpenNotice {
  readonly channel: string;
  readonly openedAt: Date;
  readonly overAt: Date | null;
  /** `null`: it was not told yet. */
  readonly toldAt: Date | null;
  /** Tries that failed so far. */
  readonly attempts: number;
}

export interface NotificationTimes {
  readonly now: Date;
  /** When the first word is due. */
  readonly firstAt: Date;
  /** Who was told before this is told again. */
  readonly repeatBefore: Date;
}

/** It was degraded, and does not pass by itself any more. */
const becomesParked = raw<boolean>`(excluded.kind = 'parked' and known.kind <> 'parked')`;

/** Rows of a list that is handed over as one value: ten thousand products may have the same. */
const given = (notices: readonly object[]) =>
  raw<{
    subject: string;
    reason: string;
    kind: NoticeKind;
    facts: Facts;
  }>`jsonb_to_recordset(${JSON.stringify(notices)}::jsonb) as given(subject text, reason text, kind text, facts jsonb)`;

/**
 * Notes what is so. What waits to be told is told as it is then; what was told is due again after a long time, or when it
 * does not pass by itself any more.
 */
export async function openNotices(
  db: Kysely<Tables>,
  notices: readonly OpenNotice[],
  channels: readonly string[],
  { now, firstAt, repeatBefore }: NotificationTimes,
): Promise<void> {
  if (notices.length === 0) return;
  const channel = raw<string>`jsonb_array_elements_text(${JSON.stringify(channels)}::jsonb)`;
  await raw`
    insert into ${raw.table('provisioner.notification')} as known
      (subject, reason, channel, kind, facts, opened_at, next_at, attempts)
    select subject, reason, ${channel}, kind, facts, ${now}::timestamptz, ${firstAt}::timestamptz, 0
      from ${given(notices)}
    on conflict (subject, reason, channel) do update set
      kind = excluded.kind,
      facts = excluded.facts,
      over_at = null,
      attempts = case when known.told_at is null and not ${becomesParked} then known.attempts else 0 end,
      next_at = case when ${becomesParked} or known.told_at <= ${repeatBefore} then ${now}::timestamptz
                     when known.told_at is null then known.next_at end
    where ${becomesParked}
       or (known.told_at is null and (known.kind, known.facts) is distinct from (excluded.kind, excluded.facts))
       or (known.told_at is not null and known.over_at is not null)
       or (known.told_at <= ${repeatBefore} and known.next_at is null)`.execute(db);
}

/** Forgets, without a word, what nobody wants to be told any more. */
export async function keepOnly(db: Kysely<Tables>, kinds: readonly NoticeKind[]): Promise<void> {
  await db
    .deleteFrom('notification')
    .where('kind', 'not in', [...kinds])
    .execute();
}

/** Ends what is no longer so: who was told hears of it, for others it never was. */
export async function closeOthers(
  db: Kysely<Tables>,
  kinds: readonly NoticeKind[],
  still: readonly Pick<OpenNotice, 'subject' | 'reason'>[],
  now: Date,
): Promise<void> {
  const keys = still.map(({ subject, reason }) => ({ subject, reason }));
  // Not `not exists`: the planner would compare each row with each key.
  const isOther = raw<boolean>`(subject, reason) not in (select subject, reason from ${given(keys)})`;
  await db
    .deleteFrom('notification')
    .where('kind', 'in', [...kinds])
    .where('told_at', 'is', null)
    .where(isOther)
    .execute();
  await db
    .updateTable('notification')
    .set({ over_at: now, next_at: now, attempts: 0 })
    .where('kind', 'in', [...kinds])
    .where('over_at', 'is', null)
    .where(isOther)
    .execute();
}

/** Forgets what only happened, once it may be told again. */
export async function forgetTold(
  db: Kysely<Tables>,
  kinds: readonly NoticeKind[],
  before: Date,
): Promise<void> {
  await db
    .deleteFrom('notification')
    .where('kind', 'in', [...kinds])
    .where('told_at', '<=', before)
    .execute();
}

/** What is due, put off to `leaseUntil` in the same statement: no other process sends it meanwhile. */
export async function claimDue(db: Kysely<Tables>, now: Date, leaseUntil: Date): Promise<DueNotification[]> {
  const rows = await db
    .updateTable('notification')
    .set({ next_at: leaseUntil })
    .where('next_at', '<=', now)
    .returningAll()
    .execute();
  return rows.map((row) => ({
    subject: row.subject,
    reason: row.reason,
    channel: row.channel,
    kind: row.kind,
    facts: row.facts,
    openedAt: row.opened_at,
    overAt: row.over_at,
    toldAt: row.told_at,
    attempts: row.attempts,
  }));
}

/** They were sent, or given up: what is over is forgotten, the rest is not told again until it may be. */
export async function noteTold(
  db: Kysely<Tables>,
  group: readonly DueNotification[],
  now: Date,
): Promise<void> {
  const over = group.filter(({ overAt }) => overAt !== null);
  const lasting = group.filter(({ overAt }) => overAt === null);
  if (over.length > 0) await db.deleteFrom('notification').where(isAmong(over)).execute();
  const [first] = lasting;
  if (first === undefined) return;
  await db
    .updateTable('notification')
    .set({ told_at: now, next_at: null, attempts: 0 })
    .where(isAmong(lasting))
    // What turned into another kind meanwhile is still to be told as that.
    .where('kind', '=', first.kind)
    .execute();
}

/** They could not be sent: the next try. */
export async function putOff(
  db: Kysely<Tables>,
  group: readonly DueNotification[],
  attempts: number,
  nextAt: Date,
): Promise<void> {
  await db.updateTable('notification').set({ next_at: nextAt, attempts }).where(isAmong(group)).execute();
}

function isAmong(group: readonly DueNotification[]) {
  const keys = group.map(({ subject, reason, channel }) => ({ subject, reason, channel }));
  return raw<boolean>`(subject, reason, channel) in (select subject, reason, channel from
    jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as given(subject text, reason text, channel text))`;
}
