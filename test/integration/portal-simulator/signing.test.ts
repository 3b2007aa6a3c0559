/** The simulator's own signature, held against what the real portal sent. */
import { expect, test } from 'vitest';
import { startPortalSimulator } from '../../../demo/portal/simulator.ts';
import { pythonJson, sign } from '../../../demo/portal/webhooks/python-json.ts';
import { allRecordedV1 } from './recordings.ts';
import { startWebhookReceiver } from './webhook-receiver.ts';

test('every recorded webhook is signed and written to the wire as we would do it', () => {
  const recorded = allRecordedV1();
  expect(recorded.length).toBeGreaterThan(50);
  for (const { body, secret, headers, body_raw_base64 } of recorded) {
    expect(sign(body, secret)).toBe(headers.sign);
    expect(JSON.stringify(body)).toBe(Buffer.from(body_raw_base64, 'base64').toString('utf8'));
  }
});

test('the signed text is Python’s: spaces, and everything but printable ASCII escaped', () => {
  const message = { method: 'PUT', url: '/é/🚀/\u007f', query: '', response: '"\n', status_code: 200 };
  expect(pythonJson(message)).toBe(
    '{"method": "PUT", "url": "/\\u00e9/\\ud83d\\ude80/\\u007f", "query": "", "response": "\\"\\n", "status_code": 200}',
  );
});

test('without a secret there is no Sign header at all', async () => {
  await using receiver = await startWebhookReceiver();
  await using portal = await startPortalSimulator({ webhookUrl: receiver.url, webhookSecret: '' });
  await fetch(`${portal.url}/api/v2/data_products`, { method: 'DELETE' });
  await portal.idle();
  expect(receiver.received).toHaveLength(1);
  expect(receiver.received[0]?.headers).not.toHaveProperty('sign');
});

test('a webhook goes to exactly the configured address, with the headers of the real portal', async () => {
  await using receiver = await startWebhookReceiver();
  await using portal = await startPortalSimulator({ webhookUrl: receiver.url, webhookSecret: 's' });
  await fetch(`${portal.url}/api/v2/data_products/?a=%C3%BC&b=1`, { method: 'POST', redirect: 'manual' });
  await portal.idle();
  const [webhook] = receiver.received;
  expect(webhook?.path).toBe('/webhook');
  const { host: _host, connection: _connection, ...headers } = webhook?.headers ?? {};
  expect(headers).toEqual({
    accept: '*/*',
    'accept-encoding': 'gzip, deflate',
    'user-agent': 'python-httpx/0.28.1',
    sign: expect.stringMatching(/^[0-9a-f]{128}$/),
    'content-length': String(webhook?.raw.length),
    'content-type': 'application/json',
  });
  expect(webhook?.body).toEqual({
    method: 'POST',
    url: '/api/v2/data_products/',
    query: 'a=%C3%BC&b=1',
    response: '',
    status_code: 307,
  });
});
