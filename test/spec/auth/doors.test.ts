/** Whatever is asked for a secret compares it in constant time, right or wrong. */
import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Router } from 'express';
import request from 'supertest';
import { describe, expect, it, vi } from 'vitest';
import { createCredentialsRouter } from '../../../src/api/credentials.ts';
import { createHealthRouter } from '../../../src/api/health.ts';
import { unseal } from '../../../src/auth/digest.ts';
import { isOurs } from '../../../src/console/forms.ts';
import { type ProofSecrets, proveDelivery } from '../../../src/intake/proof.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { Redactor } from '../../../src/telemetry/redact.ts';

vi.mock(import('node:crypto'), async (original) => {
  const crypto = await original();
  return { ...crypto, timingSafeEqual: vi.fn(crypto.timingSafeEqual) };
});

const wrong = 'a-wrong-secret-of-this-test';
const right = 'the-secret-of-this-test';
const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const product = '10000000-0000-4000-8000-000000000001';

const ask = (router: Router, path: string, authorization: string) =>
  request(express().use(router)).get(path).set({ authorization });

const metrics = () =>
  createHealthRouter({
    dependencies: [],
    metrics: createMetrics(),
    metricsToken: right,
    refreshGauges: async () => undefined,
    accepting: () => true,
    version: '1',
  });

const credentials = (digest: string | null) =>
  createCredentialsRouter({
    hash,
    log,
    digestOf: async () => digest,
    answer: async () => ({ session: { id: 'i', secret: 's', token: 't', expiresAt: new Date() } }),
  });

const prove = (headers: Record<string, string>, secrets: Partial<ProofSecrets>) => {
  const none = { v1: [], tokens: [], standard: [], allowUnsigned: false };
  const presented = { rawBody: Buffer.from('{}'), headers, token: undefined };
  return proveDelivery('v1', presented, { ...none, ...secrets }, 0).ok;
};
const visitor = { name: 'a', role: 'viewer', csrfToken: right, loggedIn: true } as const;

describe('a wrong secret is compared in constant time', () => {
  it.each<[string, () => Promise<unknown> | unknown, unknown]>([
    ['/metrics', async () => (await ask(metrics(), '/metrics', `Bearer ${wrong}`)).status, 401],
    [
      '/credentials',
      async () => (await ask(credentials(hash(right)), `/credentials/${product}`, wrong)).status,
      401,
    ],
    [
      '/credentials of a product that has none',
      async () => (await ask(credentials(null), `/credentials/${product}`, wrong)).status,
      401,
    ],
    ['a token of webhooks', () => prove({ authorization: `Bearer ${wrong}` }, { tokens: [right] }), false],
    ['a signature of webhooks', () => prove({ sign: 'a'.repeat(128) }, { v1: [right] }), false],
    ['a form of the console', () => isOurs({ csrf: wrong }, visitor), false],
    ['a cookie', () => unseal(right, 'login', `anna.${wrong}`), null],
  ])('%s', async (_door, knock, answer) => {
    vi.mocked(timingSafeEqual).mockClear();
    expect(await knock()).toBe(answer);
    expect(vi.mocked(timingSafeEqual).mock.results).toContainEqual({ type: 'return', value: false });
  });
});

describe('the right one opens', () => {
  it.each<[string, () => Promise<unknown> | unknown, unknown]>([
    ['/metrics', async () => (await ask(metrics(), '/metrics', `Bearer ${right}`)).status, 200],
    [
      '/credentials',
      async () => (await ask(credentials(hash(right)), `/credentials/${product}`, right)).status,
      200,
    ],
    ['a token of webhooks', () => prove({ authorization: `Bearer ${right}` }, { tokens: [right] }), true],
    ['a form of the console', () => isOurs({ csrf: right }, visitor), true],
  ])('%s', async (_door, knock, answer) => {
    expect(await knock()).toBe(answer);
  });
});
