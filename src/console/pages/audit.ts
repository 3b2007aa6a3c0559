/** The audit. */
import type { Request } from 'express';
import { type AuditLine, listAudit } from '../../insight/audit.ts';
import { findNodes } from '../../insight/neighbours.ts';
import { AuditAsked, addressWith, askedOf, dayOf, nextAddress, rowsOfPage } from '../asked.ts';
import { differences } from '../difference.ts';
import type { Page } from '../page.ts';
import type { Sources } from '../sources.ts';
import type { Render } from '../views.ts';
import { causeOf } from '../wording.ts';

export async function auditPage(
  base: string,
  { db }: Sources,
  render: Render,
  request: Request,
): Promise<Page> {
  const asked = askedOf(AuditAsked, request);
  const { after = null, ...filter } = asked;
  const { items, next } = await listAudit(db, filter, { after, limit: rowsOfPage });
  const nodes = await findNodes(db, [...new Set(items.flatMap(({ product }) => product ?? []))]);
  const names = new Map<string, string>(nodes.map(({ id, name }) => [id, name]));
  const narrowed = Object.values(filter).some((value) => value !== undefined);
  return {
    section: 'audit',
    title: 'Audit',
    lead: 'Who did what to what, when and why. Rows are chained by hashes and never change.',
    controls: render('audit-filter', {
      base,
      ...asked,
      from: dayOf(asked.from),
      until: dayOf(asked.until),
      narrowed,
    }),
    body: render('audit', {
      base,
      narrowed,
      rows: items.map((line) => auditRow(line, names)),
      pager: {
        count: items.length,
        size: rowsOfPage,
        next: nextAddress(request, next),
        first: after === null ? null : addressWith(request, { after: null }),
      },
    }),
    topics: after === null ? ['audit'] : [],
  };
}

/** A line of the audit, for its view. */
function auditRow(line: AuditLine, names: ReadonlyMap<string, string>) {
  return {
    ...line,
    why: causeOf(line.cause),
    person: line.actor.startsWith('person:') ? line.actor.slice('person:'.length) : null,
    name: line.product === null ? null : (names.get(line.product) ?? line.product),
    shortHash: line.hash?.slice(0, 12) ?? null,
    changes: differences(line.before, line.after),
  };
}
