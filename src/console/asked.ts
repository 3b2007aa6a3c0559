/** What the address of a page asks for: checked, and what makes no sense is left out. */
import type { Request } from 'express';
import { z } from 'zod';
import { headlines, productStates } from '../insight/headline.ts';
import { TimeCursor } from '../insight/page.ts';
import { ProductCursor, productSorts } from '../insight/products.ts';
import { ProductId } from '../model/ids.ts';

/** Rows of a list on one page. */
export const rowsOfPage = 50;

const text = z.string().trim().max(200).optional().catch(undefined);
/** An empty field of a form is a field that was left out. */
const filled = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional()).catch(undefined);
/** `2026-03-01`, as date fields send it: the start of that day (UTC). */
const day = z.iso.date().transform((date) => new Date(`${date}T00:00:00Z`));

export const ProductsAsked = z.object({
  q: text,
  condition: filled(z.enum(headlines)),
  state: filled(z.enum(productStates)),
  paused: filled(z.literal('yes')),
  reason: filled(z.string().regex(/^\w{1,80}$/)),
  sort: z.enum(productSorts).catch('condition'),
  after: filled(ProductCursor),
});

export const RunsAsked = z.object({
  outcome: filled(z.enum(['succeeded', 'failed'])),
  product: filled(ProductId),
  from: filled(day),
  until: filled(day),
  after: filled(TimeCursor),
});

export const DeliveriesAsked = z.object({
  verdict: filled(z.enum(['accepted', 'ignored'])),
  product: filled(ProductId),
  from: filled(day),
  until: filled(day),
  after: filled(TimeCursor),
});

export const AuditAsked = z.object({
  product: filled(ProductId),
  actor: filled(z.string().trim().max(200)),
  action: filled(z.string().trim().max(100)),
  from: filled(day),
  until: filled(day),
  after: filled(TimeCursor),
});

export const AccessAsked = z.object({ reader: text, source: text });

export const GraphAsked = z.object({
  focus: filled(ProductId),
  q: text,
  depth: z.enum(['1', '2']).catch('1'),
});

/** The address's query, read by a schema that takes anything. */
export function askedOf<T>(schema: z.ZodType<T, unknown>, request: Request): T {
  return schema.parse(request.query);
}

/** The same address with another cursor; `null` when there is no further page. */
export function nextAddress(request: Request, next: string | null): string | null {
  return next === null ? null : addressWith(request, { after: next });
}

/** The same address with some parts of its query changed; `null` takes a part away. */
export function addressWith(request: Request, changes: Readonly<Record<string, string | null>>): string {
  const url = new URL(request.originalUrl, 'http://console.invalid');
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return `${url.pathname}${url.search}`;
}

/** What a date field shows. */
export function dayOf(at: Date | undefined): string {
  return at === undefined ? '' : at.toISOString().slice(0, 10);
}
