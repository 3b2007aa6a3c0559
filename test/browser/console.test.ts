/** The console in a real browser: each page in light, dark and on a phone; keys alone; what changes is seen. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noteRun } from '../support/books.ts';
import { type ConsoleStage, setConsoleStage } from '../support/console.ts';
import { noteSmallEstate, type SmallEstate } from '../support/small-estate.ts';
import { violations } from './axe.ts';
import { startChromium } from './chromium.ts';

let browser: Browser;
let stage: ConsoleStage;
let estate: SmallEstate;
beforeAll(async () => {
  browser = await startChromium();
  stage = await setConsoleStage({
    inputsOf: async (consumer) => estate.inputsOf(consumer),
    store: () => ({
      store: 'MinIO',
      credentials: 'keys',
      limits: { policySize: 500_000, keysPerPrincipal: 10 },
      capabilities: {
        policies: 'enforced',
        secondKey: true,
        switchOff: false,
        selfService: ['session tokens'],
        sessions: true,
      },
      limitations: ['A key that is switched off works on until it is deleted.'],
    }),
    editorsOf: (home) => [
      { name: 'VS Code', href: `http://127.0.0.1:9/?folder=/home/coder/products/${home}` },
    ],
    commands: {
      plan: async (product) => ({
        product,
        actions: [{ kind: 'put-policy', description: 'put the policy: own prefix, reading sales-leads' }],
        drift: [{ field: 'policy', found: '{\n  "read": []\n}', wanted: '{\n  "read": ["sales-leads"]\n}' }],
        conditions: [],
        files: {
          from: 'sqlmesh@2',
          to: 'sqlmesh@3',
          write: ['config.yaml'],
          merge: [],
          remove: [],
          conflicts: ['models/report.sql'],
          waits: null,
        },
      }),
    },
  });
  estate = await noteSmallEstate(stage.db);
  await mkdir(join(stage.folder, 'sales-report', 'models', 'gold'), { recursive: true });
  await writeFile(join(stage.folder, 'sales-report', '.env'), 'SECRET=do-not-show');
  await writeFile(join(stage.folder, 'sales-report', 'models', 'gold', 'report.sql'), 'select 1');
});
afterAll(async () => {
  await browser?.close();
  await stage?.[Symbol.asyncDispose]();
});

/** Every page, by what is in its address. */
const pages: Readonly<Record<string, () => string>> = {
  overview: () => '',
  products: () => '/products',
  'products that none fits': () => '/products?q=nothing-like-this',
  'a product': () => `/products/${estate.report}`,
  'a degraded product': () => `/products/${estate.broken}`,
  'a retired product': () => `/products/${estate.retired}`,
  'a question before an order': () => `/products/${estate.report}/confirm/rotate`,
  'its plan on a page of its own': () => `/products/${estate.report}/plan`,
  'its requests on a page of their own': () => `/products/${estate.report}/asked`,
  'a folder of its workspace on a page of its own': () => `/products/${estate.report}/files?path=models`,
  access: () => '/access',
  'a choice of several products': () => '/access?reader=sales&source=a',
  'why not': () => `/access?reader=${estate.outsider}&source=${estate.leads}`,
  'access graph': () => '/graph',
  'access graph around a product': () => `/graph?focus=${estate.report}&depth=2`,
  runs: () => '/runs',
  'a run': () => `/runs/${estate.run}`,
  'a failed run': () => `/runs/${estate.failedRun}`,
  deliveries: () => '/deliveries',
  'a delivery': () => `/deliveries/${estate.delivery}`,
  audit: () => '/audit',
  'nothing there': () => '/runs/nothing',
};

const looks = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 860 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 860 } },
  'a phone': { colorScheme: 'light', viewport: { width: 360, height: 740 } },
} as const;

/** Opens a page of the console and says what the browser complained about meanwhile. */
async function open(path: string, look: (typeof looks)[keyof typeof looks] = looks.light) {
  const page = await browser.newPage(look);
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // A page that is not there is answered with 404, which the browser notes.
    if (message.type() === 'error' && !message.text().includes('404')) complaints.push(message.text());
  });
  await page.goto(`${stage.url}${path}`);
  return { page, complaints, [Symbol.asyncDispose]: () => page.close() };
}

/** Waits until the page follows what happens. */
async function followed(page: Page): Promise<void> {
  await page.locator('#connection[data-state=on]').waitFor();
}

/** Waits until everything that the page asks for by itself is there. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector(
        '#connection:not([data-state=on]), .htmx-request, .htmx-swapping, .htmx-settling',
      ) === null,
  );
}

test.each(Object.entries(pages))(
  '%s has nothing against WCAG AA and fits its window, in light, dark and on a phone, and loads only what its policy allows',
  async (_page, path) => {
    await using visit = await open(path());
    const { page, complaints } = visit;
    await settled(page);
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    expect(await violations(page)).toEqual([]);
    expect(await width()).toBe(looks.light.viewport.width);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
    expect(await violations(page, ['color-contrast', 'link-in-text-block']), 'in dark').toEqual([]);
    await page.setViewportSize(looks['a phone'].viewport);
    expect(await violations(page, ['target-size', 'scrollable-region-focusable']), 'on a phone').toEqual([]);
    expect(await width(), 'on a phone').toBe(looks['a phone'].viewport.width);
    expect(complaints).toEqual([]);
  },
);

test('what a person chose counts more than what the machine prefers, and stays', async () => {
  await using visit = await open('/products');
  const background = () => visit.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await visit.page.getByRole('button', { name: 'Dark' }).click();
  await visit.page.waitForURL(`${stage.url}/products`);
  const dark = await background();
  expect(dark).not.toBe(light);
  await visit.page.goto(`${stage.url}/runs`);
  expect(await background()).toBe(dark);
  await visit.page.getByRole('button', { name: 'Auto' }).click();
  await visit.page.locator('html:not([data-theme])').waitFor();
  expect(await background()).toBe(light);
});

test('a run that ends is seen on the open list, without a reload', async () => {
  await using visit = await open('/runs');
  await followed(visit.page);
  const id = await noteRun(stage.db, estate.leads, { started_at: new Date() });
  await visit.page.locator(`#run-${id}`).waitFor();
  expect(visit.complaints).toEqual([]);
});

test('under a pressed finger the list stays as it is: a link gets its click, and the change comes afterwards', async () => {
  await using visit = await open('/runs');
  const { page } = visit;
  await followed(page);
  const change = async () => {
    const answered = page.waitForResponse(page.url());
    const id = await noteRun(stage.db, estate.leads, { started_at: new Date() });
    await (await answered).finished();
    return page.locator(`#run-${id}`);
  };
  await page.locator('h1').hover();
  await page.mouse.down();
  const added = await change();
  await page.mouse.up();
  await added.waitFor();

  await page.locator('#live .runs th a').last().hover();
  await page.mouse.down();
  await change();
  await Promise.all([page.waitForURL(/runs\/./), page.mouse.up()]);
});

test('a product’s page follows its own product', async () => {
  await using visit = await open(`/products/${estate.outsider}`);
  await followed(visit.page);
  const paused = visit.page.locator('.standing').getByText('Paused', { exact: true });
  expect(await paused.count()).toBe(0);
  await stage.db
    .updateTable('product')
    .set({ paused_at: new Date(), paused_by: 'ben', updated_at: new Date() })
    .where('id', '=', estate.outsider)
    .execute();
  await paused.waitFor();
  await stage.db
    .updateTable('product')
    .set({ paused_at: null, paused_by: null, updated_at: new Date() })
    .where('id', '=', estate.outsider)
    .execute();
  await paused.waitFor({ state: 'detached' });
});

test('keys alone: skip to the content, find a product, ask for a new key, think again, order it', async () => {
  await using visit = await open('');
  const { keyboard } = visit.page;
  const focused = () => visit.page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
  await keyboard.press('Tab');
  expect(await focused()).toBe('To the content');
  await keyboard.press('Enter');
  expect(await visit.page.evaluate(() => document.activeElement?.id)).toBe('main');

  await keyboard.press('/');
  await keyboard.type('leads');
  await keyboard.press('Enter');
  await visit.page.waitForURL(/q=leads/);
  await visit.page.locator(`#product-${estate.leads}`).focus();
  await keyboard.press('Enter');
  await visit.page.waitForURL(new RegExp(estate.leads));
  await followed(visit.page);

  const dialog = visit.page.getByRole('dialog');
  await visit.page.locator('#order-rotate').focus();
  await keyboard.press('Enter');
  await dialog.waitFor();
  expect(await focused()).toBe('Make a new key');
  expect(await violations(visit.page)).toEqual([]);
  await keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  expect(await visit.page.evaluate(() => document.activeElement?.id)).toBe('order-rotate');
  expect(stage.orders).toEqual([]);

  await keyboard.press('Enter');
  await dialog.waitFor();
  await keyboard.press('Enter');
  await visit.page.getByText('A new key is on its way.').waitFor();
  expect(stage.orders).toEqual([`rotate ${estate.leads} by anna@example.com`]);
  expect(visit.complaints).toEqual([]);
});

test('the tree of a workspace opens folder by folder, and shows no secret', async () => {
  await using visit = await open(`/products/${estate.report}`);
  await visit.page.getByText('models/', { exact: true }).click();
  await visit.page.getByText('gold/', { exact: true }).click();
  await visit.page.getByText('report.sql').waitFor();
  await visit.page.getByText('secret, never shown').waitFor();
  expect(await visit.page.content()).not.toContain('do-not-show');
});

test('drift is shown line by line, when somebody asks for it', async () => {
  await using visit = await open(`/products/${estate.report}`);
  await visit.page.getByText('Compare now').click();
  await visit.page.locator('.diff del', { hasText: '"read": []' }).waitFor();
  await visit.page.locator('.diff ins', { hasText: '"sales-leads"' }).waitFor();
  await visit.page.getByText('models/report.sql').waitFor();
  expect(await violations(visit.page)).toEqual([]);
});

test('everything works without scripts: pages, questions, orders', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${stage.url}/deliveries/${estate.delivery}`);
  await page.getByRole('link', { name: 'Replay' }).click();
  await page.getByRole('button', { name: 'Replay' }).click();
  await page.getByText('Queued: the products of this delivery are looked at again.').waitFor();
  expect(stage.orders).toContain(`replay ${estate.delivery} by anna@example.com`);
  await context.close();
});
