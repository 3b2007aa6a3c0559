import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAudit, streamAudit } from '../../../src/insight/audit.ts';
import { findDelivery, listDeliveries } from '../../../src/insight/deliveries.ts';
import { GrantCursor, listGrants } from '../../../src/insight/grants.ts';
import { TimeCursor } from '../../../src/insight/page.ts';
import { findRun, listRuns } from '../../../src/insight/runs.ts';
import type { ProductId } from '../../../src/model/ids.ts';
import {
  type Books,
  newProductId,
  noteAudit,
  noteDelivery,
  noteGrant,
  noteProduct,
  noteRun,
  openBooks,
} from '../../support/books.ts';

let books: Books;
let sales: ProductId;
let stock: ProductId;
const first = { after: null, limit: 100 };
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute));
const ids = (page: { readonly items: readonly { readonly id: string }[] }) => page.items.map(({ id }) => id);

beforeAll(async () => {
  books = await openBooks();
  sales = await noteProduct(books.db, 'Sales');
  stock = await noteProduct(books.db, 'Stock');
});
afterAll(() => books[Symbol.asyncDispose]());

describe('runs', () => {
  it('come newest first and page by page, each once, though several began at the same instant', async () => {
    const product = await noteProduct(books.db, 'Paged');
    const made = [];
    for (const minute of [1, 2, 2, 2, 3])
      made.push(await noteRun(books.db, product, { started_at: at(minute) }));
    const seen: string[] = [];
    let after: TimeCursor | null = null;
    do {
      const page = await listRuns(books.db, { product }, { after, limit: 2 });
      seen.push(...ids(page));
      after = page.next === null ? null : TimeCursor.parse(page.next);
    } while (after !== null);
    expect(seen).toHaveLength(5);
    expect(new Set(seen)).toEqual(new Set(made));
    expect(seen[0]).toBe(made[4]);
    expect(seen[4]).toBe(made[0]);
  });

  it('are narrowed by outcome, product and time', async () => {
    const product = await noteProduct(books.db, 'Narrowed');
    const early = await noteRun(books.db, product, { started_at: at(1) });
    const failed = await noteRun(books.db, product, {
      started_at: at(5),
      outcome: 'failed',
      error_code: 'STORE_DENIED',
    });
    expect(ids(await listRuns(books.db, { product, outcome: 'failed' }, first))).toEqual([failed]);
    expect(ids(await listRuns(books.db, { product, until: at(5) }, first))).toEqual([early]);
    expect(ids(await listRuns(books.db, { product, from: at(5) }, first))).toEqual([failed]);
  });

  it('tell their actions and the delivery that caused them', async () => {
    const delivery = await noteDelivery(books.db, [sales]);
    const run = await noteRun(books.db, sales, {
      cause: { kind: 'delivery', delivery },
      actions: [{ kind: 'put-policy', description: 'put the policy', ms: 12, outcome: 'done' }],
    });
    expect(await findRun(books.db, run)).toMatchObject({
      productName: 'Sales',
      actionCount: 1,
      actions: [{ kind: 'put-policy', ms: 12 }],
      delivery: { id: delivery, products: [sales] },
    });
    expect(ids(await listRuns(books.db, { delivery }, first))).toEqual([run]);
  });

  it('that are not kept are null', async () => {
    expect(await findRun(books.db, newProductId())).toBeNull();
  });
});

describe('deliveries', () => {
  it('are narrowed by product and verdict, and name their products', async () => {
    const product = await noteProduct(books.db, 'Hooked');
    const taken = await noteDelivery(books.db, [product, sales], at(1));
    const ignored = await noteDelivery(books.db, [product], at(2), 'nothing for us');
    expect(ids(await listDeliveries(books.db, { product }, first))).toEqual([ignored, taken]);
    expect(ids(await listDeliveries(books.db, { product, verdict: 'ignored' }, first))).toEqual([ignored]);
    expect(ids(await listDeliveries(books.db, { product, from: at(1), until: at(2) }, first))).toEqual([
      taken,
    ]);
    expect((await findDelivery(books.db, taken))?.productNames).toEqual({
      [product]: 'Hooked',
      [sales]: 'Sales',
    });
  });
});

describe('grants', () => {
  it('tell both sides by name, newest first, from either side', async () => {
    const [reader, source] = [await noteProduct(books.db, 'Reader'), await noteProduct(books.db, 'Source')];
    const old = await noteGrant(books.db, reader, source, at(1));
    const fresh = await noteGrant(books.db, reader, stock, at(2));
    const page = await listGrants(books.db, { consumer: reader }, { after: null, limit: 1 });
    expect(page.items).toMatchObject([
      {
        consumer: { name: 'Reader' },
        provider: { id: stock, name: 'Stock' },
        outputPort: fresh,
        since: at(2),
      },
    ]);
    const after = GrantCursor.parse(page.next);
    const rest = await listGrants(books.db, { consumer: reader }, { after, limit: 1 });
    expect(rest).toMatchObject({ items: [{ outputPort: old }], next: null });
    expect((await listGrants(books.db, { provider: source }, first)).items).toMatchObject([
      { outputPort: old },
    ]);
  });

  it('tell why and until when, or that both are not known yet', async () => {
    const reader = await noteProduct(books.db, 'Reader for a time');
    const timed = await noteGrant(books.db, reader, stock, at(2), { name: 'Leads', until: '2027-01-31' });
    const old = await noteGrant(books.db, reader, sales, at(1), { name: null, until: null });
    expect((await listGrants(books.db, { consumer: reader }, first)).items).toMatchObject([
      { outputPort: timed, outputPortName: 'Leads', validUntil: '2027-01-31' },
      { outputPort: old, outputPortName: null, validUntil: null },
    ]);
  });

  it('of a product that our books do not know have no name', async () => {
    const reader = await noteProduct(books.db, 'Reader of the unknown');
    await noteGrant(books.db, reader, newProductId());
    const page = await listGrants(books.db, { consumer: reader }, first);
    expect(page.items[0]?.provider).toMatchObject({ name: null, home: null });
  });
});

describe('the audit', () => {
  it('is narrowed by product, actor, action and time', async () => {
    const product = await noteProduct(books.db, 'Audited');
    const pause = await noteAudit(books.db, 'pause', { actor: 'person:anna', product, at: at(1) });
    const issue = await noteAudit(books.db, 'issue-key', { product, at: at(2) });
    expect(ids(await listAudit(books.db, { product }, first))).toEqual([issue, pause]);
    expect(ids(await listAudit(books.db, { product, actor: 'person:anna' }, first))).toEqual([pause]);
    expect(ids(await listAudit(books.db, { product, action: 'issue-key' }, first))).toEqual([issue]);
    expect(ids(await listAudit(books.db, { product, until: at(2) }, first))).toEqual([pause]);
  });

  it('streams every row, oldest first, beyond what one query fetches', async () => {
    const product = await noteProduct(books.db, 'Streamed');
    const made: string[] = [];
    for (let number = 0; number < 1003; number += 1)
      made.push(await noteAudit(books.db, 'note', { product, at: new Date(at(0).getTime() + number) }));
    const seen: string[] = [];
    for await (const line of streamAudit(books.db, { product })) seen.push(line.id);
    expect(seen).toEqual(made);
  });
});
