/** Forms of what is asked: parts of addresses and of their queries. */
import { z } from 'zod';
import { longestPage } from '../../insight/page.ts';
import { ProductId } from '../../model/ids.ts';

/** What a list's `cursor` is. */
export const cursor = { description: '`next` of the page before, with the same filters and sort.' };

/** Part of every list's query. */
export const paging = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(longestPage)
    .default(50)
    .meta({ description: `Most items of one page, 1 to ${longestPage}.` }),
};
/** A moment in a query, with its offset from UTC. */
const moment = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .meta({ description: 'For example `2026-01-31T08:00:00Z`.' });
/** A time span in a query. */
export const span = {
  from: moment.optional().meta({ description: 'At or after this moment.' }),
  until: moment.optional().meta({ description: 'Before this moment.' }),
};

export const productParam = z.strictObject({ product: ProductId });
export const uuidParam = z.guid().toLowerCase();
