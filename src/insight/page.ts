/** Lists come in pages. A cursor names the last row seen, so that rows that come or go meanwhile shift nothing. */
import { z } from 'zod';

/** Some rows of a list, and the cursor of the rows after them; `null`: there are none. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Which part of a list: at most `limit` rows after the cursor. */
export interface Slice<Cursor> {
  readonly after: Cursor | null;
  readonly limit: number;
}

/** Most rows of one page. */
export const longestPage = 500;

/** The text form of a cursor: opaque to who carries it, checked when it comes back. */
export function cursorOf<T>(form: z.ZodType<T, unknown>) {
  return z
    .string()
    .max(2000)
    .transform((text, context): T => {
      const parsed = form.safeParse(decode(text));
      if (parsed.success) return parsed.data;
      context.addIssue({ code: 'custom', message: 'is no cursor of this list (with this sort)' });
      return z.NEVER;
    });
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** A row in a list ordered by time, newest first. */
const timeRow = z.tuple([z.iso.datetime().transform((text) => new Date(text)), z.guid()]);
export type TimeCursor = readonly [at: Date, id: string];
/** Cursor of the lists of runs, deliveries and audit rows. */
export const TimeCursor = cursorOf<TimeCursor>(timeRow);

/**
 * Makes a page of one row more than asked for: that one only tells that there are more.
 *
 * @param keyOf what the cursor after a row holds; dates become ISO text
 */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => readonly unknown[],
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    items: shown.map(toItem),
    next: more ? Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') : null,
  };
}
