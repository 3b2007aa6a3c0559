/** Names and messages that were written to do harm stay text, on every page, and do not burst it. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProductId } from '../../src/model/ids.ts';
import { noteAudit, noteDelivery, noteGrant, noteProduct, noteRun } from '../support/books.ts';
import { setConsoleStage } from '../support/console.ts';
import { startChromium } from './chromium.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser?.close());

const script = '<script>document.title = "taken over"</script>';
const hostile = [
  script,
  '<img src=x onerror="document.title=\'taken over\'">',
  '"><svg onload="document.title=\'taken over\'"><b>bold</b>',
  '\' autofocus onfocus="document.title=1" x=\'',
  '{{constructor.constructor "document.title=1"}} {{{body}}}',
  'javascript:document.title=1',
  '\u202Etxet \u0000 end'.replace('\u0000', ''),
  'W'.repeat(300),
];

test.each([1280, 360])('hostile names and messages stay text in a window of %i pixels', async (width) => {
  await using stage = await setConsoleStage({
    inputsOf: async () => {
      throw new Error(script);
    },
  });
  const ids: ProductId[] = [];
  for (const [index, name] of hostile.entries()) {
    const conditions = [{ type: 'Degraded', status: true, reason: script, message: name }] as const;
    ids.push(
      await noteProduct(stage.db, name, {
        home: `home-${index}`,
        namespace: name,
        conditions,
        template: name,
      }),
    );
  }
  const [first, second] = ids as [ProductId, ProductId, ...ProductId[]];
  await noteGrant(stage.db, first, second);
  const run = await noteRun(stage.db, first, {
    cause: { kind: 'clock', why: script },
    outcome: 'failed',
    error_code: 'STORE_DENIED',
    error_message: hostile.join(' '),
    actions: [{ kind: 'put-policy', description: hostile.join(' '), ms: 3, outcome: 'failed' }],
  });
  const delivery = await noteDelivery(stage.db, ids, new Date(), hostile.join(' '));
  await noteAudit(stage.db, script, { actor: `person:${script}`, product: first });

  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  const q = encodeURIComponent(script);
  const paths = [
    '',
    '/products',
    `/products?q=${q}&reason=${q}`,
    ...[0, 2, 7].map((index) => `/products/${ids[index]}`),
    `/products/${first}/asked`,
    `/products/${first}/confirm/rotate`,
    `/access?reader=${first}&source=${second}`,
    `/access?reader=${q}&source=${q}`,
    '/graph',
    `/graph?focus=${first}&q=${q}`,
    '/runs',
    `/runs/${run}`,
    '/deliveries',
    `/deliveries/${delivery}`,
    `/audit?actor=${q}`,
    '/audit',
  ];
  for (const path of paths) {
    await page.goto(`${stage.url}${path}`, { waitUntil: 'domcontentloaded' });
    await page.locator('main h1').waitFor();
    const strange =
      'main script, main img, main b, main [onerror], main [onload], main [onfocus], main a[href^="javascript"]';
    expect(await page.locator(strange).count(), path).toBe(0);
    expect(await page.title(), path).toMatch(/ · Provisioner$/);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(width);
  }
  expect(complaints).toEqual([]);
  await page.close();
});
