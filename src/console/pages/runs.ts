/** The list of runs, and one run with its actions. */
import type { Request } from 'express';
import { z } from 'zod';
import { findRun, listRuns, type RunLine } from '../../insight/runs.ts';
import { addressWith, askedOf, dayOf, nextAddress, RunsAsked, rowsOfPage } from '../asked.ts';
import type { Page } from '../page.ts';
import { timelineOf } from '../pictures/timeline.ts';
import type { Sources } from '../sources.ts';
import { outcomeBadges } from '../standing.ts';
import type { Render } from '../views.ts';
import { causeOf } from '../wording.ts';
import { choices } from './products.ts';

export async function runsPage(
  base: string,
  { db }: Sources,
  render: Render,
  request: Request,
): Promise<Page> {
  const asked = askedOf(RunsAsked, request);
  const { after = null, ...filter } = asked;
  const { items, next } = await listRuns(db, filter, { after, limit: rowsOfPage });
  const narrowed = Object.values(filter).some((value) => value !== undefined);
  return {
    section: 'runs',
    title: 'Runs',
    lead: 'One line for each look at a product that changed something, or failed.',
    controls: render('runs-filter', {
      base,
      product: asked.product,
      from: dayOf(asked.from),
      until: dayOf(asked.until),
      narrowed,
      outcomes: choices(['succeeded', 'failed'], asked.outcome),
    }),
    body: render('runs', {
      base,
      narrowed,
      runs: items.map(runRow),
      pager: {
        count: items.length,
        size: rowsOfPage,
        next: nextAddress(request, next),
        first: after === null ? null : addressWith(request, { after: null }),
      },
    }),
    topics: after === null ? ['runs'] : [],
  };
}

/** A line of a list of runs. */
export function runRow(run: RunLine) {
  return {
    ...run,
    shownName: run.productName ?? run.product,
    badge: outcomeBadges[run.outcome],
    why: causeOf(run.cause),
    delivery: run.cause.kind === 'delivery' ? run.cause.delivery : null,
  };
}

/** `null`: there is no such run. */
export async function runPage(
  base: string,
  { db }: Sources,
  render: Render,
  id: string,
): Promise<Page | null> {
  const run = z.guid().safeParse(id).success ? await findRun(db, id) : null;
  if (run === null) return null;
  const name = run.productName ?? run.product;
  return {
    section: 'runs',
    title: `Run of ${name}`,
    crumbs: [
      { href: `${base}/runs`, label: 'Runs' },
      { href: `${base}/products/${run.product}`, label: name },
    ],
    body: render('run', {
      base,
      ...runRow(run),
      received: run.delivery,
      actions: run.actions,
      picture: timelineOf(run.actions, run.ms),
    }),
  };
}
