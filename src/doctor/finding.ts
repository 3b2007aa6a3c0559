/** What an examination says: one line about one part, with what to do when it is not well. */

/** What people come with, in their words. */
export const troubles = {
  webhooks: 'Webhooks do not arrive',
  scaffolding: 'A product gets no workspace',
  s3: 'The object store can not be used',
  editors: 'A workspace can not be opened in Coder or RStudio',
} as const;
export type Trouble = keyof typeof troubles;

/** `warn`: works, but somebody should know. `fail`: something does not work. */
export type Verdict = 'ok' | 'warn' | 'fail';

export interface Finding {
  readonly verdict: Verdict;
  /** What was seen, in one sentence. */
  readonly seen: string;
  /** What to do; `null` when nothing is to be done. */
  readonly todo: string | null;
}

/** A finding with the part that it is about and the troubles that it may explain. */
export interface Report extends Finding {
  readonly part: string;
  readonly troubles: readonly Trouble[];
}

export function ok(seen: string): Finding {
  return { verdict: 'ok', seen, todo: null };
}

export function warn(seen: string, todo: string): Finding {
  return { verdict: 'warn', seen, todo };
}

export function fail(seen: string, todo: string): Finding {
  return { verdict: 'fail', seen, todo };
}
