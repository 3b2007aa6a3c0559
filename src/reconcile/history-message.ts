/** What a workspace's history says of a change of ours: pure. */
import type { ProductRecord } from '../db/products.ts';
import type { Cause } from '../model/run.ts';

/** @param template `<id>@<version>` that the files are rendered from now */
export function historyMessage(record: ProductRecord, template: string, cause: Cause): string {
  return `${subjectOf(record, template)}\n\n${causeOf(cause)}\n`;
}

function subjectOf({ template: before, files }: ProductRecord, template: string): string {
  if (Object.keys(files).length === 0) return `Set up the workspace from the template ${template}`;
  if (before !== template) return `Follow the template: ${before ?? 'none'} to ${template}`;
  return 'Follow what the portal says of this product';
}

function causeOf(cause: Cause): string {
  switch (cause.kind) {
    case 'delivery':
      return `Cause: webhook, delivery ${cause.delivery}`;
    case 'resync':
      return 'Cause: the regular look at all products';
    case 'drift-check':
      return 'Cause: the regular comparison with what should be';
    case 'clock':
      return `Cause: ${cause.why}`;
    case 'neighbour':
      return `Cause: a change of product ${cause.product}`;
    case 'person':
      return `Cause: ${cause.what}`;
  }
}
