/**
 * Tells people. A look every few seconds writes down what is so and what is over; what is due is sent. Nothing waits
 * for it, and a restart loses nothing: the book is in the database.
 */
import { createHash } from 'node:crypto';
import type { Database } from '../db/connection.ts';
import {
  claimDue,
  closeOthers,
  type DueNotification,
  forgetTold,
  keepOnly,
  noteTold,
  openNotices,
  putOff,
} from '../db/notifications.ts';
import { findProduct } from '../db/products.ts';
import { asProvisionerError } from '../model/errors.ts';
import type { ProductId } from '../model/ids.ts';
import type { NoticeKind } from '../model/notice.ts';
import type { RunEnding } from '../model/run.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { lastingKinds, lookForNotices, passingKinds } from './look.ts';
import type { Channel, Message } from './notice.ts';
import type { Texts } from './texts.ts';

export interface NotifierOptions {
  readonly database: Database;
  readonly channels: readonly Channel[];
  readonly texts: Texts;
  /** At least one. */
  readonly kinds: readonly NoticeKind[];
  /** A product's key that never ends is renewed at this age; `null`: never. */
  readonly keyMaxAgeMs: number | null;
  /** What is over sooner is not told. */
  readonly afterMs: number;
  /** What is still so after this long is told again. */
  readonly repeatMs: number;
  readonly lookEveryMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface Notifier extends AsyncDisposable {
  /** Takes note of drift and leaks; never throws. */
  onRun(ending: RunEnding): void;
}

/** What was made good as soon as it was found. */
interface Happened {
  readonly kind: 'drift' | 'leak';
  readonly reason: string;
  readonly message: string;
}

/** So long nobody else sends what this process is sending. */
const leaseMs = 120_000;
const restFactor = 20;
const mostAttempts = 5;
const firstRetryMs = 5000;

/** Starts looking. Disposing ends the look that is under way. */
export function startNotifier(options: NotifierOptions): Notifier {
  const notifier = new LookingNotifier(options);
  notifier.start();
  return notifier;
}

class LookingNotifier implements Notifier {
  readonly #options: NotifierOptions;
  readonly #channels: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #working: Promise<void> = Promise.resolve();
  /** Notes of what only happened, on their way into the book. */
  #noting: Promise<void> = Promise.resolve();

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#channels = options.channels.map(({ name }) => name);
  }

  start(): void {
    this.#lookAfter(this.#options.lookEveryMs);
  }

  onRun({ product, drift, leak }: RunEnding): void {
    if (drift.length > 0) this.#noteLater(product, 'drift', `Drift-${drift.join('-')}`, drift.join(', '));
    if (leak !== null) this.#noteLater(product, 'leak', 'KeyLeaked', leak);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#noting;
    await this.#working;
  }

  /** With thousands of products in trouble a look takes long; it never takes more than a twentieth of the time. */
  #lookAfter(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      const began = performance.now();
      this.#working = this.#look().then(() =>
        this.#lookAfter(Math.max(this.#options.lookEveryMs, restFactor * (performance.now() - began))),
      );
    }, ms);
  }

  #noteLater(product: ProductId, kind: 'drift' | 'leak', reason: string, message: string): void {
    if (!this.#options.kinds.includes(kind)) return;
    this.#noting = this.#noting.then(() => this.#note(product, { kind, reason, message }));
  }

  async #note(product: ProductId, { message, ...what }: Happened): Promise<void> {
    const { database, log } = this.#options;
    try {
      const record = await findProduct(database.sql, product);
      if (record === null) return;
      const notice = {
        subject: product,
        ...what,
        facts: { product: record.name, home: record.home, message },
      };
      // It is made good already: waiting whether it passes has no sense.
      await openNotices(database.sql, [notice], this.#channels, this.#times(0));
    } catch (thrown) {
      log.warn('what happened could not be noted for a message', {
        product,
        kind: what.kind,
        error: asProvisionerError(thrown).message,
      });
    }
  }

  async #look(): Promise<void> {
    const { database, kinds, keyMaxAgeMs, afterMs, repeatMs, log } = this.#options;
    try {
      const now = new Date();
      await keepOnly(database.sql, kinds);
      const found = await lookForNotices(database, now, keyMaxAgeMs);
      const wanted = found.filter(({ kind }) => kinds.includes(kind));
      await openNotices(database.sql, wanted, this.#channels, this.#times(afterMs));
      // What is so in a way that nobody wants to hear of is not over.
      await closeOthers(database.sql, lastingKinds, found, now);
      await forgetTold(database.sql, passingKinds, new Date(now.getTime() - repeatMs));
      const due = await claimDue(database.sql, now, new Date(now.getTime() + leaseMs));
      await Promise.all(groupsOf(due).map((group) => this.#send(group)));
    } catch (thrown) {
      log.warn('could not look for what people should hear of', {
        error: asProvisionerError(thrown).message,
      });
    }
  }

  async #send(group: Group): Promise<void> {
    const { database, channels, texts, log, metrics } = this.#options;
    const [first] = group;
    const channel = channels.find(({ name }) => name === first.channel);
    const now = new Date();
    // The settings have another channel now; this one's rows are of no use any more.
    if (channel === undefined) return noteTold(database.sql, group, now);
    const bare = messageOf(group);
    const error = await channel.send({ ...bare, ...texts(bare) });
    const facts = { channel: first.channel, kind: first.kind, reason: first.reason, products: group.length };
    if (error === null) {
      metrics.notification(first.channel, 'sent');
      log.info('told people', { ...facts, over: first.overAt !== null });
      return noteTold(database.sql, group, now);
    }
    const attempt = first.attempts + 1;
    if (attempt < mostAttempts) {
      log.warn('a message could not be sent, it is tried again', { ...facts, attempt, error });
      const nextAt = new Date(now.getTime() + firstRetryMs * 2 ** first.attempts);
      return putOff(database.sql, group, attempt, nextAt);
    }
    metrics.notification(first.channel, 'failed');
    log.error('a message could not be sent and is given up', { ...facts, attempt, error });
    return noteTold(database.sql, group, now);
  }

  #times(afterMs: number) {
    const now = new Date();
    return {
      now,
      firstAt: new Date(now.getTime() + afterMs),
      repeatBefore: new Date(now.getTime() - this.#options.repeatMs),
    };
  }
}

type Group = readonly [DueNotification, ...DueNotification[]];

/** What several products have in common goes out as one message: a store that is away concerns them all. */
function groupsOf(due: readonly DueNotification[]): readonly Group[] {
  const groups = new Map<string, [DueNotification, ...DueNotification[]]>();
  for (const each of due) {
    const key = [each.channel, each.kind, each.reason, each.overAt !== null, each.attempts].join(' ');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

function messageOf(group: Group): Omit<Message, 'title' | 'text'> {
  const [{ kind, reason, overAt }] = group;
  const told = group.map(({ toldAt }) => toldAt);
  const over = overAt !== null;
  const about = group.map(({ subject, facts, openedAt }) => ({ subject, facts, since: openedAt }));
  // The same for each try; what is told again is another message.
  const identity = JSON.stringify([
    kind,
    reason,
    over,
    about.map(({ subject, since }) => [subject, since]),
    told,
  ]);
  const id = `msg_${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`;
  return { id, kind, reason, over, about };
}
