/** What forms send: only from our own pages, and only by who may. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { z } from 'zod';
import type { Visitor } from './visitor.ts';

const Sent = z.record(z.string(), z.string().max(2000)).catch({});

/** The fields of a form; a field that came twice is as if none had come. */
export function fieldsOf(request: Request): Readonly<Record<string, string>> {
  return Sent.parse(request.body);
}

/** Whether the form is one that we gave this visitor. */
export function isOurs(fields: Readonly<Record<string, string>>, visitor: Visitor): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(fields._csrf ?? ''), digest(visitor.csrfToken));
}

/** An address of the console to go back to; whatever else was sent is the console's first page. */
export function backOf(base: string, back: string | undefined): string {
  if (back === undefined || !/^\/[\w/?&=%.,~+:-]*$/.test(back)) return base;
  return back === base || back.startsWith(`${base}/`) || back.startsWith(`${base}?`) ? back : base;
}
