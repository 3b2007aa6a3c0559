/** What forms send: only from our own pages, and only by who may. */
import type { Request } from 'express';
import { z } from 'zod';
import { sameText } from '../auth/digest.ts';
import { safeReturnPath } from '../auth/return-path.ts';
import type { Visitor } from './visitor.ts';

const Sent = z.record(z.string(), z.string().max(2000)).catch({});

/** The fields of a form; a field that came twice is as if none had come. */
export function fieldsOf(request: Request): Readonly<Record<string, string>> {
  return Sent.parse(request.body);
}

/** Whether the form is one that we gave this visitor. */
export function isOurs(fields: Readonly<Record<string, string>>, visitor: Visitor): boolean {
  return sameText(fields.csrf ?? '', visitor.csrfToken);
}

/** An address of the console to go back to; whatever else was sent is the console's first page. */
export function backOf(base: string, back: string | undefined): string {
  const path = safeReturnPath(back, base);
  return path === base || path.startsWith(`${base}/`) || path.startsWith(`${base}?`) ? path : base;
}
