/** How webhooks are delivered: when, in which order, and what a bad receiver costs. */
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startPortalSimulator } from '../../../demo/portal/simulator.ts';
import { makeProduct, makeProductBody } from './products.ts';
import { startWebhookReceiver } from './webhook-receiver.ts';

/** Takes answers and holds them until so many are open. */
function holdUntil(count: number) {
  const held: ServerResponse[] = [];
  return (response: ServerResponse): void => {
    held.push(response);
    if (held.length >= count) for (const one of held) one.end();
  };
}

const unknownPath = (url: string) => fetch(`${url}/api/v2/nothing`, { method: 'POST' });

describe('the first generation', () => {
  test('sends all webhooks beside each other, and the caller does not wait for them', async () => {
    await using receiver = await startWebhookReceiver(holdUntil(8));
    await using portal = await startPortalSimulator({ webhookUrl: receiver.url });
    // Each call is over before any webhook of the eight is answered.
    for (let call = 0; call < 8; call += 1) await unknownPath(portal.url);
    await portal.idle();
    expect(receiver.mostAtOnce()).toBe(8);
    expect(portal.deliveries.map(({ status }) => status)).toEqual(Array(8).fill(200));
  });

  test.each([500, 307, 202])('sends nothing again after a %d, and follows no redirect', async (status) => {
    await using receiver = await startWebhookReceiver((response) => {
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    await using portal = await startPortalSimulator({ webhookUrl: receiver.url });
    await unknownPath(portal.url);
    await portal.idle();
    expect(receiver.received).toHaveLength(1);
    expect(portal.deliveries.map((one) => one.status)).toEqual([status]);
  });

  test('a refused connection is lost, and noted', async () => {
    const gone = await startWebhookReceiver();
    await gone[Symbol.asyncDispose]();
    await using portal = await startPortalSimulator({ webhookUrl: gone.url });
    await unknownPath(portal.url);
    await portal.idle();
    expect(portal.deliveries[0]).toMatchObject({
      status: null,
      error: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  test('tells of POST, PUT and DELETE with any outcome, not of GET', async () => {
    await using receiver = await startWebhookReceiver();
    await using portal = await startPortalSimulator({ webhookUrl: receiver.url });
    const calls = [
      ['GET', '/api/v2/data_products', 200],
      ['POST', '/api/data_products', 404],
      ['DELETE', '/api/v2/data_products', 405],
      ['PUT', '/api/v2/data_products/not-a-uuid/about', 422],
      ['POST', '/api/auth/login', 404],
      ['POST', '/api/v2/authn/device', 404],
      ['POST', '/', 404],
    ] as const;
    for (const [method, path, status] of calls) {
      expect((await fetch(portal.url + path, { method })).status).toBe(status);
    }
    await portal.idle();
    const told = receiver.received.map(({ body }) => [body.method, body.url, body.status_code]);
    expect(told.sort()).toEqual([calls[2], calls[1], calls[6], calls[3]].sort());
  });

  test('the answer is carried for POST alone, as a text', async () => {
    await using receiver = await startWebhookReceiver();
    await using portal = await startPortalSimulator({ webhookUrl: receiver.url });
    const id = await makeProduct(portal.url);
    await fetch(`${portal.url}/api/v2/data_products/${id}`, { method: 'DELETE' });
    await portal.idle();
    const responses = receiver.received.map(({ body }) => [body.method, body.response]);
    expect(responses.sort()).toEqual([
      ['DELETE', ''],
      ['POST', `{"id":"${id}"}`],
    ]);
  });

  test('a call that breaks the portal tells nobody', async () => {
    await using receiver = await startWebhookReceiver();
    await using portal = await startPortalSimulator({
      webhookUrl: receiver.url,
      webhookV2Url: receiver.url,
    });
    const gone = `${portal.url}/api/v2/configuration/data_product_lifecycles/${crypto.randomUUID()}`;
    const response = await fetch(gone, { method: 'DELETE' });
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ detail: 'Something went wrong' });
    await portal.idle();
    expect(receiver.received).toEqual([]);
  });

  test('does not exist on main', async () => {
    await using receiver = await startWebhookReceiver();
    await using portal = await startPortalSimulator({ generation: 'main', webhookUrl: receiver.url });
    await unknownPath(portal.url);
    await portal.idle();
    expect(receiver.received).toEqual([]);
  });
});

describe('the second generation', () => {
  test('on main comes strictly one after another, in the order of the calls', async () => {
    await using receiver = await startWebhookReceiver();
    await using portal = await startPortalSimulator({ generation: 'main', webhookV2Url: receiver.url });
    const ids = await Promise.all(Array.from({ length: 5 }, () => makeProduct(portal.url)));
    await portal.idle();
    expect(receiver.mostAtOnce()).toBe(1);
    expect(receiver.received).toHaveLength(15);
    const products = [...portal.state.products.keys()];
    expect([...ids].sort()).toEqual([...products].sort());
    const told = receiver.received.filter(({ body }) => body.type === 'data_product.event');
    expect(told.map(({ body }) => (body.data as { id: string }).id)).toEqual(products);
  });

  test('on v0.7.0 calls do not wait for each other', async () => {
    await using receiver = await startWebhookReceiver(holdUntil(3));
    await using portal = await startPortalSimulator({ generation: 'v0.7.0', webhookV2Url: receiver.url });
    for (let product = 0; product < 3; product += 1) await makeProduct(portal.url);
    await portal.idle();
    expect(receiver.mostAtOnce()).toBe(3);
    expect(receiver.received).toHaveLength(9);
  });

  test('is a CloudEvent without signature', async () => {
    await using receiver = await startWebhookReceiver();
    await using portal = await startPortalSimulator({
      generation: 'main',
      webhookV2Url: receiver.url,
      webhookSecret: 'unused',
    });
    const id = await makeProduct(portal.url);
    await portal.idle();
    const [event] = receiver.received;
    expect(event?.body).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      source: 'data-product-portal',
      type: 'data_product.event',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
      data: { id },
    });
    expect(Object.keys(event?.body ?? {})).toEqual(['specversion', 'id', 'source', 'type', 'time', 'data']);
    expect(event?.headers['content-type']).toBe('application/json');
    expect(event?.headers).not.toHaveProperty('sign');
    expect(new Set(receiver.received.map(({ body }) => body.id)).size).toBe(receiver.received.length);
  });

  test('says nothing of a refused call', async () => {
    await using receiver = await startWebhookReceiver();
    await using portal = await startPortalSimulator({ generation: 'main', webhookV2Url: receiver.url });
    const body = makeProductBody({ namespace: 'Not Allowed' });
    const response = await fetch(`${portal.url}/api/v2/data_products`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(400);
    await portal.idle();
    expect(receiver.received).toEqual([]);
  });
});

test('targets can be changed while the portal runs', async () => {
  await using one = await startWebhookReceiver();
  await using other = await startWebhookReceiver();
  await using portal = await startPortalSimulator({ webhookUrl: one.url });
  await unknownPath(portal.url);
  portal.setWebhooks({ webhookUrl: other.url, webhookSecret: 'new' });
  await unknownPath(portal.url);
  await portal.idle();
  expect(one.received).toHaveLength(1);
  expect(other.received).toHaveLength(1);
  expect(other.received[0]?.headers).toHaveProperty('sign');
  portal.setWebhooks({});
  await unknownPath(portal.url);
  await portal.idle();
  expect(portal.deliveries).toHaveLength(2);
});

test('stopping the portal hangs up on a receiver that never answers', async () => {
  const called = Promise.withResolvers<void>();
  await using receiver = await startWebhookReceiver(() => called.resolve());
  const portal = await startPortalSimulator({ webhookUrl: receiver.url });
  await unknownPath(portal.url);
  await called.promise;
  await portal[Symbol.asyncDispose]();
  expect(portal.deliveries[0]).toMatchObject({ status: null, error: 'the portal stops' });
});
