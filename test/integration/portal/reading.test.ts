import PQueue from 'p-queue';
import { describe, expect, it } from 'vitest';
import { OutputPortId, TechnicalAssetId } from '../../../src/model/ids.ts';
import { cast, generations, recorded } from '../../spec/portal/recorded.ts';
import {
  consumerAnswers,
  fastClient,
  providerAnswers,
  replay,
  sendJson,
  startServer,
} from './portal-server.ts';

describe.each(generations)('reading the portal, %s', (generation) => {
  const { provider, consumer } = cast(generation);
  const idsIn = (name: string) => recorded(generation, name).request.path.split('/');
  const port = OutputPortId.parse(idsIn('output-port-consumers-approved')[6]);
  const asset = TechnicalAssetId.parse(idsIn('technical-asset-linked')[6]);

  it('a product is read whole: detail, settings with defaults, owners', async () => {
    await using portal = await startServer(replay(generation, ...providerAnswers(generation)));
    const product = await fastClient(portal.url).readProduct(provider);
    expect(product).toMatchObject({
      id: provider,
      namespace: 'sales-leads',
      domain: 'Sales',
      lifecycle: 'Draft',
      finalizers: ['workspace-provisioner'],
      settings: { workspace_template: 'sqlmesh' },
      settingDefaults: { workspace_template: 'dbt', iam_role: 'false' },
      inputs: [],
    });
    expect(product?.owners).toContainEqual({ name: 'john scientist', email: 'john.scientist@pharma.com' });
  });

  it('a name in several scripts arrives as it is, with the inputs as decided', async () => {
    const answers = consumerAnswers(generation, 'input-ports-timebound');
    await using portal = await startServer(replay(generation, ...answers));
    const product = await fastClient(portal.url).readProduct(consumer);
    expect(product?.name).toBe('Café Ünïcode – 数据');
    expect(product?.settings).toEqual({});
    expect(product?.settingDefaults).toEqual({ workspace_template: 'dbt', iam_role: 'false' });
    expect(product?.inputs).toContainEqual({
      outputPortId: expect.any(String),
      outputPortName: 'Timed leads',
      provider,
      status: 'approved',
      validUntil: '2026-12-20',
    });
  });

  it('the parts of a product are asked for side by side', async () => {
    const answer = replay(generation, ...providerAnswers(generation));
    const held: (() => void)[] = [];
    await using portal = await startServer((request, response) => {
      held.push(() => answer(request, response));
      // Nothing is answered before the last of the five has come.
      if (held.length === 5) for (const release of held) release();
    });
    expect(await fastClient(portal.url).readProduct(provider)).not.toBeNull();
  });

  it('no more requests are in flight than configured', async () => {
    const answer = replay(generation, ...providerAnswers(generation));
    let inFlight = 0;
    let most = 0;
    await using portal = await startServer((request, response) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      response.on('close', () => (inFlight -= 1));
      setTimeout(() => answer(request, response), 5);
    });
    await fastClient(portal.url, { gate: new PQueue({ concurrency: 2 }) }).readProduct(provider);
    expect(most).toBe(2);
  });

  it('settings defaults are asked for once for many products, and again after a listing', async () => {
    const [names, extra] = providerAnswers(generation);
    await using portal = await startServer(replay(generation, [...names, 'data-products-list'], extra));
    const client = fastClient(portal.url);
    const timesAsked = () => portal.seen.filter(({ url }) => url.endsWith('/data_product_settings')).length;
    await Promise.all([client.readProduct(provider), client.readProduct(provider)]);
    await client.readProduct(provider);
    expect(timesAsked()).toBe(1);
    await client.listProducts();
    await client.readProduct(provider);
    expect(timesAsked()).toBe(2);
  });

  it('the list, the ports, the consumers and the ports of an asset are read', async () => {
    const names = [
      'data-products-list',
      'output-ports',
      'output-port-consumers-approved',
      'technical-asset-linked',
    ];
    await using portal = await startServer(replay(generation, [...names, 'input-ports-approved']));
    const client = fastClient(portal.url);
    expect((await client.listProducts()).map((each) => each.namespace)).toContain('cafe-unicode');
    expect(await client.listOutputPorts(provider)).toContain(port);
    expect(await client.listConsumers(provider, port)).toEqual([
      { id: consumer, status: 'approved', validUntil: null },
    ]);
    expect(await client.portsOfAsset(provider, asset)).toEqual([port]);
    expect((await client.listProviders(consumer)).map((input) => input.provider)).toEqual([provider]);
  });

  it('what belongs to a product that is gone is empty', async () => {
    const gone = recorded(generation, 'data-product-gone');
    await using portal = await startServer((_, response) => sendJson(response, gone.status, gone.response));
    const client = fastClient(portal.url);
    expect(await client.listOutputPorts(provider)).toEqual([]);
    expect(await client.listConsumers(provider, port)).toEqual([]);
    expect(await client.portsOfAsset(provider, asset)).toEqual([]);
    expect(await client.listProviders(provider)).toEqual([]);
  });
});

describe('the version', () => {
  it('is asked without credentials, so it tells that the portal is there and nothing else', async () => {
    await using portal = await startServer((_, response) => sendJson(response, 200, { version: '0.7.0' }));
    const client = fastClient(portal.url, { auth: { kind: 'api-key', key: 'key-of-the-portal' } });
    expect(await client.version()).toBe('0.7.0');
    expect(portal.seen.map(({ url }) => url)).toEqual(['/api/v2/version']);
    expect(portal.seen[0]?.headers['x-key']).toBeUndefined();
  });
});

describe('metrics', () => {
  it('count every request by route, without ids, with its outcome', async () => {
    await using portal = await startServer((_, response) => sendJson(response, 200, { version: '0.7.0' }));
    const counted: unknown[] = [];
    const onRequest = (route: string, outcome: number | 'error', milliseconds: number) =>
      counted.push([route, outcome, milliseconds >= 0]);
    const client = fastClient(portal.url, { onRequest }, { retries: 0 });
    await client.version();
    await portal[Symbol.asyncDispose]();
    await expect(client.listProviders(cast('main').consumer)).rejects.toThrow();
    expect(counted).toEqual([
      ['GET /version', 200, true],
      ['GET /data_products/{id}/input_ports', 'error', true],
    ]);
  });
});
