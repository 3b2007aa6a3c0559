/** The access graph at its largest: 200 products, of which each reads seven others. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConsoleStage, setConsoleStage } from '../support/console.ts';
import { fillEstate } from '../support/estate.ts';
import { violations } from './axe.ts';
import { startChromium } from './chromium.ts';

let browser: Browser;
let stage: ConsoleStage;
beforeAll(async () => {
  browser = await startChromium();
  stage = await setConsoleStage();
  await fillEstate(stage.db, { products: 200, runs: 1, deliveries: 1, inputs: 7 });
});
afterAll(async () => {
  await browser?.close();
  await stage?.[Symbol.asyncDispose]();
});

/** Which products the lines that stand out touch, and how many lines those are. */
function lit(page: Page): Promise<{ lines: number; all: boolean }> {
  return page.evaluate(() => {
    const near = [...document.querySelectorAll<SVGElement>('.graph .edge.near')];
    const node = document.querySelector<SVGElement>('#node-under-test')?.dataset.node ?? '';
    const own = document.querySelectorAll(`.graph .edge[data-ends~="${node}"]`);
    return {
      lines: near.length,
      all:
        near.length === own.length &&
        near.every((edge) => [...own].includes(edge) && getComputedStyle(edge).opacity === '1'),
    };
  });
}

test.each(['light', 'dark'] as const)(
  'all of it is one picture that fits its frame and has nothing against WCAG AA, in %s',
  async (colorScheme) => {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 860 } });
    await page.goto(`${stage.url}/graph`);
    await page.locator('#connection[data-state=on]').waitFor();
    expect(await page.locator('.graph .node').count()).toBe(200);
    expect(await page.locator('.graph .edge').count()).toBeGreaterThan(1300);
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1280);
    await page.close();
  },
);

test('a product under the pointer, or with the focus, has its own lines stand out, and no others', async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  page.setDefaultTimeout(15_000);
  await page.goto(`${stage.url}/graph`);
  await page.locator('#connection[data-state=on]').waitFor();
  expect((await lit(page)).lines).toBe(0);
  const node = page.locator('.graph [data-node="20"]');
  await node.evaluate((element) => element.setAttribute('id', 'node-under-test'));
  await node.hover();
  const hovered = await lit(page);
  expect(hovered).toEqual({ lines: expect.toSatisfy((lines: number) => lines >= 7), all: true });
  expect(await page.locator('.graph a.near').count()).toBeGreaterThan(7);
  await page.mouse.move(2, 2);
  expect((await lit(page)).lines).toBe(0);
  await node.focus();
  expect(await lit(page)).toEqual(hovered);
  await page.keyboard.press('Tab');
  expect((await lit(page)).all).toBe(false);
  await page.close();
});
