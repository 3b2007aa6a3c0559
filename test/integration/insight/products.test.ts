import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wakeChange } from '../../../src/db/wake.ts';
import { readOverview } from '../../../src/insight/overview.ts';
import { findProductDetail } from '../../../src/insight/product.ts';
import {
  listProducts,
  ProductCursor,
  type ProductFilter,
  productSorts,
} from '../../../src/insight/products.ts';
import type { ProductId } from '../../../src/model/ids.ts';
import {
  type Books,
  degraded,
  newProductId,
  noteDelivery,
  noteGrant,
  noteProduct,
  noteRun,
  openBooks,
  ready,
} from '../../support/books.ts';

let books: Books;
const made: Record<string, ProductId> = {};
const notice = { type: 'Notice', status: true, reason: 'HomeKeepsName', message: 'Renamed.' } as const;

beforeAll(async () => {
  books = await openBooks();
  const day = (date: number) => new Date(Date.UTC(2026, 0, date));
  const paused = { paused_at: day(9), paused_by: 'anna' };
  const of = (name: string, more: Parameters<typeof noteProduct>[2]) =>
    noteProduct(books.db, name, more).then((id) => {
      made[name] = id;
    });
  await of('beta', { updated_at: day(1), conditions: [ready, notice] });
  await of('Alpha 50%', { updated_at: day(3), conditions: [degraded], ...paused });
  await of('gamma_x', { updated_at: day(2), conditions: [], template: 'dbt-duckdb@1' });
  await of('Delta', {
    updated_at: day(4),
    state: 'retired',
    conditions: [{ ...ready, status: false, reason: 'Retired' }],
  });
});
afterAll(() => books[Symbol.asyncDispose]());

const names = async (filter: ProductFilter, sort: (typeof productSorts)[number] = 'name') =>
  (await listProducts(books.db, filter, sort, { after: null, limit: 100 })).items.map(({ name }) => name);

describe('the list of products', () => {
  it('is ordered by name in any case, by time newest first, or by what needs a person first', async () => {
    expect(await names({})).toEqual(['Alpha 50%', 'beta', 'Delta', 'gamma_x']);
    expect(await names({}, 'updated')).toEqual(['Delta', 'Alpha 50%', 'gamma_x', 'beta']);
    expect(await names({}, 'condition')).toEqual(['Alpha 50%', 'gamma_x', 'beta', 'Delta']);
  });

  it.each(productSorts)('shows every product once over pages, ordered by %s', async (sort) => {
    const seen: string[] = [];
    let after: ProductCursor | null = null;
    do {
      const page = await listProducts(books.db, {}, sort, { after, limit: 1 });
      seen.push(...page.items.map(({ name }) => name));
      after = page.next === null ? null : ProductCursor.parse(page.next);
    } while (after !== null);
    expect(seen).toEqual(await names({}, sort));
  });

  it('refuses a cursor that is none', () => {
    for (const text of ['', 'x', Buffer.from('["name"]').toString('base64url')])
      expect(ProductCursor.safeParse(text).success, text).toBe(false);
  });

  it.each<[string, ProductFilter, string[]]>([
    ['a part of the name, in any case', { search: 'ALPHA' }, ['Alpha 50%']],
    ['signs that mean something in a pattern', { search: '50%' }, ['Alpha 50%']],
    ['an underscore as such', { search: 'a_x' }, ['gamma_x']],
    ['a type of condition that is not the headline', { condition: 'Notice' }, ['beta']],
    ['a reason', { reason: 'StoreDenied' }, ['Alpha 50%']],
    ['a reason of another type', { condition: 'Notice', reason: 'StoreDenied' }, []],
    ['conditions that hold', { condition: 'Ready' }, ['beta']],
    ['the state', { state: 'retired' }, ['Delta']],
    ['what is paused', { paused: true }, ['Alpha 50%']],
    ['what is not paused', { paused: false }, ['beta', 'Delta', 'gamma_x']],
    ['a template in any version', { template: 'dbt-duckdb' }, ['gamma_x']],
    ['a template in one version', { template: 'sqlmesh@2' }, []],
  ])('is narrowed by %s', async (_what, filter, found) => {
    expect(await names(filter)).toEqual(found);
  });

  it('finds a product by its whole id', async () => {
    expect(await names({ search: made.beta })).toEqual(['beta']);
  });
});

describe('one product', () => {
  it('tells keys, inputs and consumers, without a secret or a digest', async () => {
    const [id, other] = [made.beta ?? newProductId(), made.gamma_x ?? newProductId()];
    const digest = 'd'.repeat(64);
    await books.db
      .insertInto('access_key')
      .values({
        id: 'AK1',
        product: id,
        state: 'current',
        secret_sha256: digest,
        issued_at: new Date(),
        grace_until: null,
        expires_at: null,
        proven_at: new Date(),
      })
      .execute();
    await noteGrant(books.db, id, other);
    await noteGrant(books.db, other, id);
    const detail = await findProductDetail(books.db, id);
    expect(detail).toMatchObject({
      name: 'beta',
      headline: 'Ready',
      keys: [{ id: 'AK1', state: 'current' }],
      inputs: [{ provider: { id: other, name: 'gamma_x' }, keyProvenAt: expect.any(Date) }],
      consumers: [{ consumer: { id: other }, keyProvenAt: null }],
      failures: 0,
    });
    expect(JSON.stringify(detail)).not.toContain(digest);
  });

  it('that our books do not know is null', async () => {
    expect(await findProductDetail(books.db, newProductId())).toBeNull();
  });
});

describe('the overview', () => {
  it('counts living products by headline, and names those that need a person', async () => {
    const overview = await readOverview(books.db, new Date());
    expect(overview.byHeadline).toEqual({ Degraded: 1, Progressing: 1, Notice: 0, Ready: 1 });
    expect(overview.byState).toEqual({ live: 3, held: 0, retiring: 0, retired: 1 });
    expect(overview).toMatchObject({ pausedProducts: 1, brake: null, pause: null });
    expect(overview.needPerson.map(({ name }) => name)).toEqual(['Alpha 50%']);
  });

  it('tells rate, failures and lengths of the last hour and no others', async () => {
    const now = new Date(Date.UTC(2027, 0, 1, 12));
    const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
    const product = newProductId();
    for (const ms of [10, 20, 30]) await noteRun(books.db, product, { started_at: ago(5), ms });
    await noteRun(books.db, product, { started_at: ago(50), ms: 1000, outcome: 'failed' });
    await noteRun(books.db, product, { started_at: ago(61), ms: 9000 });
    await noteDelivery(books.db, [], ago(5), 'nothing for us');
    const { lastHour, lastFiveMinutes, deliveries } = await readOverview(books.db, now);
    expect(lastHour).toMatchObject({ runs: 4, failed: 1, failureShare: 0.25, p50: 25 });
    expect(lastHour.p95).toBeCloseTo(854.5);
    expect(lastHour.minutes).toEqual([
      { at: ago(50), runs: 1, failed: 1 },
      { at: ago(5), runs: 3, failed: 0 },
    ]);
    expect(lastFiveMinutes).toMatchObject({ runs: 3, failed: 0, perMinute: 0.6, p50: 20 });
    expect(deliveries).toEqual({ accepted: 0, ignored: 1 });
  });

  it('names the first products that never got a home, and says how many there are', async () => {
    const ids = Array.from({ length: 21 }, () => newProductId()).sort();
    for (const id of ids) await wakeChange(books.db, id, null, 3).execute();
    const [first] = ids;
    if (first === undefined) throw new Error('there is no first');
    const failed = { outcome: 'failed', error_code: 'STORE_DENIED', error_message: 'No.' } as const;
    const at = new Date(Date.UTC(2027, 0, 1));
    await noteRun(books.db, first, { ...failed, error_message: 'Earlier.', started_at: new Date(0) });
    await noteRun(books.db, first, { ...failed, started_at: at });
    const { homeless } = await readOverview(books.db, new Date());
    expect(homeless.count).toBe(21);
    expect(homeless.products.map(({ id }) => id)).toEqual(ids.slice(0, 20));
    expect(homeless.products.slice(0, 2)).toEqual([
      { id: first, error: 'No.', code: 'STORE_DENIED', failures: 3, failedAt: at, parked: true },
      { id: ids[1], error: '', code: null, failures: 3, failedAt: null, parked: true },
    ]);
  });

  it('without any run has no lengths and no failures', async () => {
    const { lastHour } = await readOverview(books.db, new Date(Date.UTC(2040, 0, 1)));
    expect(lastHour).toMatchObject({ runs: 0, failureShare: 0, p50: null, p95: null });
  });
});
