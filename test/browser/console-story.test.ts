/** A newcomer asks why a product has no access, and knows within three clicks: the story of docs/operations.md, with its pictures. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { setConsoleStage } from '../support/console.ts';
import { noteSmallEstate, type SmallEstate } from '../support/small-estate.ts';
import { createWorld, eventually } from '../support/world.ts';
import { violations } from './axe.ts';
import { startChromium } from './chromium.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser?.close());

/** Draws a picture of the docs anew when asked to (`UPDATE_DOCS=1`). */
async function picture(page: Page, name: string): Promise<void> {
  if (process.env.UPDATE_DOCS !== '1') return;
  const folder = join(import.meta.dirname, '../../docs/images');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

test('from the first page it is three clicks to why a product can not read another, and what to do', async () => {
  let estate: SmallEstate | undefined;
  await using stage = await setConsoleStage({
    inputsOf: async (consumer) => estate?.inputsOf(consumer) ?? [],
  });
  estate = await noteSmallEstate(stage.db);
  const page = await browser.newPage({ viewport: { width: 1040, height: 620 } });
  page.setDefaultTimeout(15_000);
  await page.goto(stage.url);
  await page.locator('#connection[data-state=on]').waitFor();
  await picture(page, 'console-overview');

  await page.getByRole('link', { name: 'Products', exact: true }).click();
  await page.getByRole('link', { name: 'Churn Model' }).waitFor();
  await page.locator('#connection[data-state=on]').waitFor();
  await picture(page, 'why-1-products');

  await page.getByRole('link', { name: 'Churn Model' }).click();
  const whyNot = page.getByRole('link', { name: 'Why not? Sales Leads' });
  await whyNot.waitFor();
  await whyNot.scrollIntoViewIfNeeded();
  await picture(page, 'why-2-product');

  await whyNot.click();
  await page.locator('.answer').getByText('The request waits for a decision.').waitFor();
  await page.locator('.answer').getByText('An owner of the other product approves or denies it').waitFor();
  await page.locator('#connection[data-state=on]').waitFor();
  await picture(page, 'why-3-answer');

  await page.goto(`${stage.url}/runs/${estate.run}`);
  await picture(page, 'console-run');
  await page.close();
});

test('the page of a real daemon follows a request from asked to readable', async () => {
  await using world = await createWorld();
  const user = new PortalUser(world.portal.url);
  const giver = await user.createProduct('Giver', 'giver');
  const taker = await user.createProduct('Taker', 'taker');
  const port = await user.createPort(giver, 'out');
  await eventually('both homes', async () => {
    const files = await Promise.all(['giver', 'taker'].map((home) => world.workspaceFile(home, '.env')));
    return files.every((file) => file !== null);
  });
  await user.requestAccess(taker, port);

  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  page.setDefaultTimeout(15_000);
  await page.goto(`${world.daemon().url}/console/products`);
  await page.getByRole('link', { name: 'Taker' }).click();
  await page.getByRole('link', { name: 'Why not? Giver' }).click();
  await page.getByText('Can not read', { exact: true }).waitFor();
  await user.decide(giver, port, taker, 'approve');
  await page.getByText('Can read', { exact: true }).waitFor();

  await page.goto(`${world.daemon().url}/console/products/${taker}`);
  await page.getByText('.gitignore').waitFor();
  await page.getByText('Compare now').click();
  await page.getByText('Everything is as it should be').waitFor();
  await page.locator('#order-pause').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await page.locator('.standing').getByText('Paused', { exact: true }).waitFor();
  await page.goto(`${world.daemon().url}/console/audit`);
  await page.getByText('order-pause').first().waitFor();
  expect(world.lines.filter((line) => line.includes('a page of the console failed'))).toEqual([]);
  await page.close();
});

test('a daemon with a key shows nothing before a login, comes back to the page, and forgets at the log-out', async () => {
  await using world = await createWorld({ PROV_ADMIN_KEY: 'a-key-of-more-than-32-characters-for-this-test' });
  const page = await browser.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(`${world.daemon().url}/console/runs?outcome=failed`);
  await page.getByLabel('API key').waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  await page.getByLabel('API key').fill('a-key-of-more-than-32-characters-for-this-test');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Runs' }).waitFor();
  expect(new URL(page.url()).search).toBe('?outcome=failed');
  await page.locator('#connection[data-state=on]').waitFor();

  await page.goto(`${world.daemon().url}/console`);
  await page.getByRole('link', { name: 'Pause everything' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause everything' }).click();
  await page.getByRole('heading', { name: 'Everything is paused' }).waitFor();
  await page.getByText('By key:settings').waitFor();

  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${world.daemon().url}/api/v1/docs`);
    expect(await violations(page)).toEqual([]);
  }
  await page.goto(`${world.daemon().url}/console`);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('API key').waitFor();
  await page.goto(`${world.daemon().url}/console/audit`);
  await page.getByLabel('API key').waitFor();
  await page.close();
});
