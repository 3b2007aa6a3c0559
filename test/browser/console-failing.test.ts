/** The console when something does not answer: every part says so in its place, and can be asked for again. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wakeChange } from '../../src/db/wake.ts';
import type { ProductId } from '../../src/model/ids.ts';
import { newProductId, noteProduct, noteRun } from '../support/books.ts';
import { type ConsoleStage, setConsoleStage } from '../support/console.ts';
import { violations } from './axe.ts';
import { startChromium } from './chromium.ts';

let browser: Browser;
let stage: ConsoleStage;
let product: ProductId;
beforeAll(async () => {
  browser = await startChromium();
  stage = await setConsoleStage();
  product = await noteProduct(stage.db, 'Sales', { home: 'sales' });
});
afterAll(async () => {
  await browser?.close();
  await stage?.[Symbol.asyncDispose]();
});

async function open(path: string, look: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, ...look });
  page.setDefaultTimeout(15_000);
  await page.goto(`${stage.url}${path}`);
  return page;
}

/** What becomes of a request from now on: an answer with a fault, none at all, or one that never comes. */
const faults = {
  'answers 500': (page: Page, path: string) => page.route(path, (route) => route.fulfill({ status: 500 })),
  'can not be reached': (page: Page, path: string) => page.route(path, (route) => route.abort()),
  'does not answer in time': async (page: Page, path: string) => {
    await page.evaluate('htmx.config.timeout = 100');
    await page.route(path, () => undefined);
  },
} as const;

describe.each(Object.entries(faults))('a daemon that %s', (_fault, fail) => {
  test('is told of where the plan would stand, and the next try works', async () => {
    const page = await open(`/products/${product}`);
    await fail(page, '**/plan');
    await page.getByText('Compare now').click();
    await page.locator('#plan-place [role=alert]').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.evaluate('htmx.config.timeout = 15000');
    await page.getByText('Compare now').click();
    await page.getByText('Everything is as it should be').waitFor();
    expect(await page.locator('#plan-place [role=alert]').count()).toBe(0);
    await page.close();
  });

  test('is told of in the dialog, which can be closed', async () => {
    const page = await open(`/products/${product}`);
    await fail(page, '**/confirm/*');
    await page.locator('#order-rotate').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('alert').waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.close();
  });

  test('takes the word “Live” from a page that is not up to date, until it answers', async () => {
    const page = await open('/runs');
    const live = page.locator('#connection[data-state=on]');
    await live.waitFor();
    await fail(page, '**/runs');
    await noteRun(stage.db, product, { started_at: new Date() });
    await page.locator('#connection').getByText('Not up to date').waitFor();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.evaluate('htmx.config.timeout = 15000');
    const id = await noteRun(stage.db, product, { started_at: new Date() });
    await page.locator(`#run-${id}`).waitFor();
    await live.waitFor();
    await page.close();
  });
});

describe.each([
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['a phone', { viewport: { width: 360, height: 740 } }],
] as const)('in %s', (_name, look) => {
  test('the page in place of all others, while nobody can be known, has nothing against WCAG AA', async () => {
    await using own = await setConsoleStage({
      authenticate: async () => {
        throw new Error('connect ECONNREFUSED');
      },
    });
    const page = await browser.newPage(look);
    await page.goto(own.url);
    await page.getByRole('heading', { name: 'The console is away for a moment' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  test('products without a home stand first, and every page that names them has nothing against WCAG AA', async () => {
    const id = newProductId();
    await wakeChange(stage.db, id, null, 3).execute();
    await noteRun(stage.db, id, {
      outcome: 'failed',
      error_code: 'STORE_DENIED',
      error_message: `The store refused our request: ${'Signature'.repeat(30)}`,
    });
    const page = await open('', look);
    for (const path of ['', `/products/${id}`, `/access?reader=${id}&source=sales`]) {
      await page.goto(`${stage.url}${path}`);
      await page.locator(`#need-${id}`).waitFor();
      expect(await violations(page), path).toEqual([]);
      const width = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      expect(width[0], path).toBe(width[1]);
    }
    await page.close();
  });
});
