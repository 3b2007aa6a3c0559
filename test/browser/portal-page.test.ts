/** The simulator's page, as a newcomer uses it: by clicks and keys in a real browser. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { startPortalSimulator } from '../../demo/portal/simulator.ts';
import { createWorld, eventually } from '../support/world.ts';
import { startChromium } from './chromium.ts';
import { faintTexts } from './contrast.ts';
import { Visitor } from './visitor.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser?.close());

/** Waits until the line's badge says `word`. */
async function says(visitor: Visitor, product: string, other: string, word: string): Promise<void> {
  await visitor.line(product, other).locator('.badge').getByText(word, { exact: true }).waitFor();
}

test('a newcomer creates, requests, approves, denies and deletes, and sees each state', async () => {
  await using world = await createWorld();
  await using visitor = await Visitor.arrive(browser, world.portal.url);
  await visitor.page.getByText('No data products yet').waitFor();

  await visitor.createProduct('Sales Leads');
  await visitor.createPort('Sales Leads', 'Leads');
  for (const name of ['Sales Report', 'Outsider']) {
    await visitor.createProduct(name);
    await visitor.requestAccess(name);
    await says(visitor, name, 'Leads', 'pending');
  }
  await visitor.product('Sales Leads').getByText('2 requests').waitFor();

  await visitor.press(visitor.line('Sales Leads', 'Sales Report'), 'Approve');
  await says(visitor, 'Sales Leads', 'Sales Report', 'approved');
  await says(visitor, 'Sales Report', 'Leads', 'approved');

  await visitor.press(visitor.line('Sales Leads', 'Outsider'), 'Deny');
  await visitor.dialog().getByLabel('Reason').fill('Not for you.');
  await visitor.confirm('Deny');
  await says(visitor, 'Outsider', 'Leads', 'denied');

  // The provisioner's finalizer and its answers to webhooks are seen as well.
  await visitor.product('Sales Leads').getByText('data-product-provisioner').waitFor();
  await visitor.page.locator('.log').getByText('200', { exact: true }).first().waitFor();
  await visitor.page.locator('.log').getByText('202', { exact: true }).first().waitFor();
  await eventually('the home', () => world.workspaceFile('sales-leads', '.env'));

  await visitor.press(visitor.product('Sales Leads'), 'Delete');
  await visitor.dialog().getByText('It becomes “deleting”').waitFor();
  await visitor.confirm('Delete');
  await visitor.product('Sales Leads').waitFor({ state: 'detached' });
  await visitor.product('Sales Report').waitFor();
  expect(visitor.complaints).toEqual([]);
});

test('revoked access can be asked for again, and a request be taken back', async () => {
  await using portal = await startPortalSimulator();
  await using visitor = await Visitor.arrive(browser, portal.url);
  await visitor.createProduct('Giver');
  await visitor.createPort('Giver', 'Out');
  await visitor.createProduct('Taker');
  await visitor.requestAccess('Taker');
  await visitor.press(visitor.line('Giver', 'Taker'), 'Approve');
  await visitor.press(visitor.line('Giver', 'Taker'), 'Revoke');
  await says(visitor, 'Taker', 'Out', 'revoked');
  await visitor.press(visitor.line('Taker', 'Out'), 'Ask again');
  await visitor.press(visitor.line('Taker', 'Out'), 'Cancel request');
  await says(visitor, 'Taker', 'Out', 'revoked');
  expect(visitor.complaints).toEqual([]);
});

test('everything can be done by keys: open, fill, send, fold, leave', async () => {
  await using portal = await startPortalSimulator();
  await using visitor = await Visitor.arrive(browser, portal.url);
  const { keyboard } = visitor.page;
  const focused = () => visitor.page.evaluate(() => document.activeElement?.textContent ?? '');

  await keyboard.press('Tab');
  expect(await focused()).toBe('New product');
  await keyboard.press('Enter');
  await visitor.dialog().waitFor();
  await keyboard.type('By keys');
  await visitor.page.waitForFunction(
    () => document.querySelector<HTMLInputElement>('input[name=namespace]')?.value === 'by-keys',
  );
  await keyboard.press('Enter');
  await visitor.product('By keys').waitFor();
  await visitor.dialog().waitFor({ state: 'hidden' });
  expect(await focused()).toBe('New product');

  await keyboard.press('Tab');
  expect(await focused()).toContain('by-keys');
  await keyboard.press('Enter');
  await visitor.product('By keys').getByText('Output ports').waitFor({ state: 'detached' });
  expect(await focused()).toContain('by-keys');
  await keyboard.press('Enter');
  await visitor.product('By keys').getByText('Output ports').waitFor();

  for (let step = 0; step < 3; step += 1) await keyboard.press('Tab');
  expect(await focused()).toBe('Delete');
  await keyboard.press('Enter');
  await visitor.dialog().waitFor();
  await keyboard.press('Escape');
  await visitor.dialog().waitFor({ state: 'hidden' });
  expect(await focused()).toBe('Delete');
  expect(portal.state.products.size).toBe(1);
});

test('a click too many on the last button asks the portal once', async () => {
  await using portal = await startPortalSimulator({ latencyMs: 100 });
  await using visitor = await Visitor.arrive(browser, portal.url);
  await visitor.press(visitor.page, 'New product');
  await visitor.dialog().getByLabel('Name', { exact: true }).fill('Once');
  await visitor.dialog().getByLabel('Namespace').fill('once');
  const asked: string[] = [];
  visitor.page.on('request', (request) => {
    if (request.method() === 'POST') asked.push(request.url());
  });
  await visitor.dialog().getByRole('button', { name: 'Create' }).dblclick();
  await visitor.product('Once').waitFor();
  await visitor.dialog().waitFor({ state: 'hidden' });
  expect(asked).toEqual([`${portal.url}/api/v2/data_products`]);
});

test('what is typed takes the place of a namespace that the portal proposes late', async () => {
  await using portal = await startPortalSimulator();
  await using visitor = await Visitor.arrive(browser, portal.url);
  const reached = Promise.withResolvers<void>();
  await visitor.page.route('**/sanitize?*', async (route) => {
    await reached.promise;
    await route.continue();
  });
  await visitor.press(visitor.page, 'New product');
  const namespace = visitor.dialog().getByLabel('Namespace');
  await visitor.dialog().getByLabel('Name', { exact: true }).fill('Second');
  await namespace.focus();
  reached.resolve();
  await visitor.page.waitForFunction(
    () => document.querySelector<HTMLInputElement>('input[name=namespace]')?.value === 'second',
  );
  await visitor.page.keyboard.type('own');
  expect(await namespace.inputValue()).toBe('own');
});

test('what the portal refuses is said in the dialog, which keeps what was typed', async () => {
  await using portal = await startPortalSimulator();
  await using visitor = await Visitor.arrive(browser, portal.url);
  await visitor.createProduct('First', 'taken');
  await visitor.press(visitor.page, 'New product');
  await visitor.dialog().getByLabel('Name', { exact: true }).fill('Second');
  await visitor.dialog().getByLabel('Namespace').fill('taken');
  await visitor.press(visitor.dialog(), 'Create');
  await visitor.dialog().getByText('Invalid namespace: DUPLICATE').waitFor();
  expect(await visitor.dialog().getByLabel('Name', { exact: true }).inputValue()).toBe('Second');
});

test('what the portal refuses on a button stays to be read while the page goes on reading', async () => {
  await using portal = await startPortalSimulator();
  const user = new PortalUser(portal.url);
  const giver = await user.createProduct('Giver', 'giver');
  const taker = await user.createProduct('Taker', 'taker');
  const port = await user.createPort(giver, 'out');
  await user.requestAccess(taker, port);
  await using visitor = await Visitor.arrive(browser, portal.url);
  await visitor.stopClock();
  await visitor.line('Giver', 'Taker').getByRole('button', { name: 'Approve' }).waitFor();
  // Somebody else is faster, and the page can not have read it.
  await visitor.page.route('**/input_ports/approve', async (route) => {
    await user.decide(giver, port, taker, 'deny');
    await route.continue();
  });
  await visitor.press(visitor.line('Giver', 'Taker'), 'Approve');
  await visitor.page.getByRole('alert').locator('.fault').first().waitFor();
  await visitor.readAgain();
  expect(await visitor.page.getByRole('alert').textContent()).toContain('pending');
  await visitor.createPort('Giver', 'Next');
  await visitor.page.getByRole('alert').waitFor({ state: 'hidden' });
});

test('a button that is held down while others change the portal gets its click', async () => {
  await using portal = await startPortalSimulator();
  const user = new PortalUser(portal.url);
  const giver = await user.createProduct('Giver', 'giver');
  await user.requestAccess(await user.createProduct('Taker', 'taker'), await user.createPort(giver, 'out'));
  await using visitor = await Visitor.arrive(browser, portal.url);
  await visitor.stopClock();
  await visitor.line('Giver', 'Taker').getByRole('button', { name: 'Approve' }).hover();
  await visitor.page.mouse.down();
  await user.createPort(giver, 'next');
  await visitor.page.clock.runFor(2000);
  await visitor.page.waitForLoadState('networkidle');
  await visitor.page.mouse.up();
  await visitor.page.clock.runFor(2000);
  await says(visitor, 'Giver', 'Taker', 'approved');
  await visitor.product('Giver').locator('.port').filter({ hasText: 'next' }).waitFor();
});

test('a portal that wants a key asks for it, says when it is wrong, and keeps what is being typed', async () => {
  await using portal = await startPortalSimulator({ apiKey: 'the-right-key' });
  await using visitor = await Visitor.arrive(browser, portal.url, { sign: '#notice form' });
  await visitor.stopClock();
  const field = visitor.page.getByLabel('This portal wants an API key');
  await field.fill('the-wrong-key');
  await visitor.readAgain();
  expect(await field.inputValue()).toBe('the-wrong-key');
  await visitor.press(visitor.page, 'Use key');
  await visitor.page.getByText('The portal does not take this key.').waitFor();
  await field.fill('the-right-key');
  await visitor.press(visitor.page, 'Use key');
  await visitor.page.getByText('No data products yet').waitFor();
});

describe('hostile and long texts', () => {
  const hostile = [
    '<script>document.title = "taken over"</script>',
    '<img src=x onerror="document.title = \'taken over\'">',
    'W'.repeat(200),
    '"><b>bold</b> {{constructor}} \u202Etxet',
  ];

  test.each([1280, 390])('stay text and stay inside a window of %i pixels', async (width) => {
    await using portal = await startPortalSimulator();
    await using visitor = await Visitor.arrive(browser, portal.url, { width });
    const [first = '', ...others] = hostile;
    await visitor.createProduct(first, 'first');
    await visitor.createPort(first, hostile.join(' '));
    for (const [index, name] of others.entries()) {
      await visitor.createProduct(name, `${'long-'.repeat(12)}${index}`);
      await visitor.requestAccess(name);
      await visitor.line(first, name).waitFor();
    }
    const shown = await visitor.page.locator('summary .name').allTextContents();
    expect(shown.toSorted()).toEqual(hostile.toSorted());
    expect(await visitor.page.title()).toBe('Data product portal (simulator)');
    expect(await visitor.page.locator('#products script, #products img, #products b').count()).toBe(0);
    expect(await visitor.page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(visitor.complaints).toEqual([]);
  });
});

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  test('every text stands out from what is behind it, on the page and in dialogs', async () => {
    await using portal = await startPortalSimulator({ webhookUrl: 'http://127.0.0.1:9/' });
    const user = new PortalUser(portal.url);
    const giver = await user.createProduct('Giver', 'giver');
    const port = await user.createPort(giver, 'out');
    for (const [index, decision] of (['approve', 'deny', null] as const).entries()) {
      const taker = await user.createProduct(`Taker ${index}`, `taker-${index}`);
      await user.requestAccess(taker, port);
      if (decision !== null) await user.decide(giver, port, taker, decision);
    }
    await portal.idle();
    await using visitor = await Visitor.arrive(browser, portal.url, { colorScheme });
    await visitor.page.getByText('no answer').first().waitFor();
    const background = await visitor.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe(colorScheme === 'light' ? 'rgb(246, 246, 248)' : 'rgb(19, 19, 24)');
    expect(await faintTexts(visitor.page)).toEqual([]);
    await visitor.press(visitor.product('Giver'), 'Delete');
    expect(await faintTexts(visitor.page)).toEqual([]);
  });
});
