/** `PROV_IDENTITY_RATE` and `PROV_IDENTITY_CONCURRENCY` bound what reaches the store: requests, and every try of each. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBudget } from '../../src/compose/gates.ts';
import { assemblePolicy } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import { principalNameOf } from '../../src/identity/issuer.ts';
import type { RequestGate } from '../../src/model/gate.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import type { StoreServer } from '../support/stores/server.ts';
import { issuers, sessions } from './servers.ts';

describe.each(issuers)('the identity API of %s, with %s,', (_name, credentials, start) => {
  let server: StoreServer;
  let proxy: FaultProxy;

  beforeAll(async () => {
    server = await start();
    proxy = await startFaultProxy(server.iamEndpoint ?? server.endpoint);
  });
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** Makes, looks at and ends some products at once. */
  async function makeProducts(count: number, gate: RequestGate): Promise<void> {
    const iam = server.iamEndpoint === undefined ? {} : { iamEndpoint: proxy.url };
    const find = issuerFinder({
      api: 'auto',
      endpoint: server.iamEndpoint === undefined ? proxy.url : server.endpoint,
      iamEndpoint: undefined,
      ...iam,
      region: 'us-east-1',
      accessKeyId: server.accessKey,
      secretAccessKey: server.secretKey,
      gate,
      credentials: credentials === 'keys' ? 'keys' : sessions,
      onFound: () => undefined,
    });
    const issuer = await find();
    const life = async () => {
      const principal = principalNameOf(ProductId.parse(randomUUID()));
      await issuer.ensurePrincipal(principal);
      await issuer.putPolicy(principal, assemblePolicy('data-products', 'home' as HomeName, []));
      const key = await issuer.createKey(principal, issuer.proposeKeyId());
      await issuer.observe(principal, { booked: [key.name], thorough: true });
      await issuer.disableKey(principal, key.name);
      await issuer.deleteKey(principal, key.name);
      await issuer.deletePrincipal(principal);
    };
    await Promise.all(Array.from({ length: count }, life));
  }

  test('is never asked more at a time than it may be, and everything is done', async () => {
    await makeProducts(3, createBudget(2, 0));
    expect(proxy.mostAtOnce).toBe(2);
  });

  test('is asked no more often than it may be, tries that failed included', async () => {
    const perSecond = 40;
    let calls = 0;
    let failed = 0;
    proxy.fail(({ body }) => {
      calls += 1;
      // Fewer than any call has tries; the one that is not repeated by itself is left alone.
      if (failed === 2 || calls % 9 !== 0 || body.includes('CreateAccessKey')) return null;
      failed += 1;
      return { kind: 'answer', status: 503 };
    });
    const budget = createBudget(16, perSecond);
    const begun: number[] = [];
    const before = proxy.seen.length;
    await makeProducts(3, {
      add: (send) =>
        budget.add(() => {
          begun.push(Date.now());
          return send();
        }),
    });
    expect(failed).toBe(2);
    expect(begun.length).toBeGreaterThan(perSecond);
    // Nothing goes past it. When a request arrives, the machine has a say in, too.
    expect(proxy.seen.length - before).toBeLessThanOrEqual(begun.length);
    const within = begun.map((first) => begun.filter((at) => at >= first && at < first + 990).length);
    expect(Math.max(...within)).toBeLessThanOrEqual(perSecond);
  });
});
