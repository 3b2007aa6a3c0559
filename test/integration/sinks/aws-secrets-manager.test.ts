/** A secret manager that takes calls and says nothing holds no run for ever. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { HomeName } from '../../../src/model/home.ts';
import { ProductId } from '../../../src/model/ids.ts';
import { AwsSecretsManagerSink } from '../../../src/sinks/aws-secrets-manager.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';

test('one that never answers is unavailable, and is tried again later', async () => {
  process.env.AWS_ACCESS_KEY_ID = 'any';
  process.env.AWS_SECRET_ACCESS_KEY = 'any';
  await using silent = await startFaultProxy('http://127.0.0.1:9');
  silent.fail(() => ({ kind: 'hang' }));
  const place = { endpoint: silent.url, region: 'us-east-1', timeoutMs: 100 };
  const sink = new AwsSecretsManagerSink({ ...place, prefix: 'data-products' });
  const entry = { product: ProductId.parse(randomUUID()), home: 'product' as HomeName };
  await expect(sink.read(entry)).rejects.toMatchObject({ code: 'SECRETS_UNAVAILABLE', retryable: true });
  expect(silent.seen.length).toBeGreaterThan(0);
});
