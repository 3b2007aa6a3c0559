/** A server that answers nobody, and what it sees of us meanwhile. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { isNoAnswer } from '../../../src/model/store-error.ts';
import { Breaker } from '../../../src/reconcile/breaker.ts';
import { S3ObjectStore } from '../../../src/storage/s3.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Redactor } from '../../../src/telemetry/redact.ts';
import { eventually } from '../../support/world.ts';

test('while nobody answers there is one request a second, whatever the client does with requests that failed', async () => {
  const seen: number[] = [];
  let status = 503;
  await using server = createServer((incoming, outgoing) => {
    seen.push(performance.now());
    incoming.resume();
    outgoing.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const onClosed = vi.fn(async () => undefined);
  using breaker: Breaker = new Breaker({
    name: 'store',
    code: 'STORE_UNAVAILABLE',
    isAway: (ended) => 'error' in ended && isNoAnswer(ended.error),
    probe: () => store.check(),
    onClosed,
    log: createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() }),
  });
  using store = new S3ObjectStore({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket: 'data-products',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'x'.repeat(40),
    gate: breaker,
  });
  while (!breaker.open) await store.check().catch(() => undefined);
  const opened = seen.length;
  await eventually('three questions', async () => seen.length >= opened + 3);
  const asked = seen.slice(opened);
  for (const [index, at] of asked.slice(1).entries())
    expect(at - (asked[index] ?? 0)).toBeGreaterThanOrEqual(900);
  status = 200;
  await eventually('an answer', async () => !breaker.open);
  expect(onClosed).toHaveBeenCalledOnce();
  await store.check();
});
