/** The page for people, and the list of webhooks behind it. */
import { expect, test } from 'vitest';
import { startPortalSimulator } from '../../../demo/portal/simulator.ts';
import { makeProduct } from './products.ts';
import { startWebhookReceiver } from './webhook-receiver.ts';

test('is one file that loads nothing from elsewhere', async () => {
  await using portal = await startPortalSimulator();
  const response = await fetch(portal.url);
  expect(response.headers.get('content-type')).toMatch(/^text\/html/);
  expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
  const html = await response.text();
  expect(html).toMatch(/<title>Data product portal/);
  const loaded = [...html.matchAll(/(?:src|href)="([^"]*)"|url\(([^)]*)\)|@import\s+(\S+)/g)];
  for (const [, ...address] of loaded) expect(address.find((one) => one !== undefined)).toMatch(/^data:/);
});

test('shows the latest webhooks and their answers, but no secret of the addresses', async () => {
  await using receiver = await startWebhookReceiver((response, { body }) => {
    response.writeHead(body.type === undefined ? 200 : 503).end();
  });
  await using portal = await startPortalSimulator({
    webhookUrl: receiver.url,
    webhookSecret: 'the-webhook-secret',
    webhookV2Url: `${receiver.url}?token=the-token`,
  });
  const id = await makeProduct(portal.url);
  await portal.idle();
  const text = await (await fetch(`${portal.url}/simulator`)).text();
  const shown = JSON.parse(text);
  expect(shown).toMatchObject({
    generation: 'v0.7.0',
    targets: { v1: receiver.url, v2: receiver.url },
  });
  expect(shown.webhooks).toContainEqual(
    expect.objectContaining({ generation: 'v1', method: 'POST', status: 200, callStatus: 200 }),
  );
  expect(shown.webhooks).toContainEqual(
    expect.objectContaining({ generation: 'v2', type: 'data_product.event', data: { id }, status: 503 }),
  );
  expect(text).not.toMatch(/the-token|the-webhook-secret/);
});

test('the API can be made slow', async () => {
  await using portal = await startPortalSimulator({ latencyMs: 60 });
  const begin = performance.now();
  await fetch(`${portal.url}/api/v2/version`);
  expect(performance.now() - begin).toBeGreaterThan(55);
});
