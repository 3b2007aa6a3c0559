/** `PROV_IDENTITY_RATE` and `PROV_IDENTITY_CONCURRENCY` bound what reaches the store: requests, and every try of each. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBudget } from '../../src/compose/gates.ts';
import { assemblePolicy } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import { principalNameOf } from '../../src/identity/issuer.ts';
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
  async function makeProducts(count: number, gate: ReturnType<typeof createBudget>): Promise<void> {
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
    proxy.fail(({ body }) => {
      calls += 1;
      // The call that is not repeated by itself is left alone.
      return calls % 9 === 0 && !body.includes('CreateAccessKey') ? { kind: 'answer', status: 503 } : null;
    });
    const before = proxy.seen.length;
    await makeProducts(3, createBudget(16, perSecond));
    const seen = proxy.seen.slice(before);
    expect(seen.length).toBeGreaterThan(perSecond);
    // A little less than a second: not every request takes equally long to arrive.
    const within = seen.map((first) => seen.filter((at) => at >= first && at < first + 900).length);
    expect(Math.max(...within)).toBeLessThanOrEqual(perSecond);
  });
});
