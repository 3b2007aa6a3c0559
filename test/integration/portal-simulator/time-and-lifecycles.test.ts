/** What happens without anybody asking for it: access that ends, lifecycles that are filled in or deleted. */
import { describe, expect, test } from 'vitest';
import { type PortalSimulator, startPortalSimulator } from '../../../demo/portal/simulator.ts';
import { call, makePort, makeProduct } from './products.ts';
import { Comparison, recordedAnswer } from './recordings.ts';
import { startWebhookReceiver } from './webhook-receiver.ts';

const wish = ({ generation }: PortalSimulator, port: string) =>
  generation === 'main' ? [{ output_port_id: port }] : [port];

describe.each(['v0.7.0', 'main'] as const)('%s', (generation) => {
  test('an access past its last day stays approved until the daily job has run', async () => {
    await using receiver = await startWebhookReceiver();
    await using portal = await startPortalSimulator({ generation });
    const [provider, consumer] = [await makeProduct(portal.url), await makeProduct(portal.url)];
    const port = await makePort(portal.url, provider, {
      name: 'o',
      access_type: 'unrestricted',
      data_product_access_duration_type: 'time_bound',
    });
    const inputs = `/data_products/${consumer}/input_ports`;
    await call(portal.url, 'POST', inputs, { output_ports: wish(portal, port), justification: 'x' });
    const request = [...portal.state.inputPorts.values()][0]?.requests[0];
    if (request === undefined) throw new Error('the request was not stored');
    request.validFrom = '2020-10-11';
    request.validUntil = '2020-11-19';

    portal.setWebhooks({ webhookUrl: receiver.url, webhookV2Url: receiver.url });
    const compare = async (name: string) => {
      const recorded = recordedAnswer(generation, name).response as {
        input_ports: { output_port: { name: string; namespace: string } }[];
      };
      const { json } = await call(portal.url, 'GET', inputs);
      for (const { output_port } of [...recorded.input_ports, ...json.input_ports]) {
        Object.assign(output_port, { name: 'o', namespace: 'o', description: 'x' });
      }
      const comparison = new Comparison();
      const expected = comparison.expectation(recorded, json);
      expect(comparison.subject(json)).toEqual(expected);
    };
    await compare('input-ports-past-valid-until');
    portal.runDailyJob();
    portal.runDailyJob();
    await portal.idle();
    await compare('input-ports-expired');
    expect(receiver.received.map(({ body }) => body.type)).toEqual(['input_port.event']);
  });

  test('the last day counts', async () => {
    await using portal = await startPortalSimulator({ generation });
    const [provider, consumer] = [await makeProduct(portal.url), await makeProduct(portal.url)];
    const port = await makePort(portal.url, provider, {
      access_type: 'unrestricted',
      data_product_access_duration_type: 'time_bound',
    });
    await call(portal.url, 'POST', `/data_products/${consumer}/input_ports`, {
      output_ports: wish(portal, port),
      justification: 'x',
    });
    const [input] = portal.state.inputPorts.values();
    const last = input?.requests[0]?.validUntil;
    portal.runDailyJob(new Date(`${last}T23:59:59Z`));
    expect(input?.status).toBe('approved');
    portal.runDailyJob(new Date(Date.parse(`${last}T00:00:00Z`) + 24 * 60 * 60 * 1000));
    expect(input?.status).toBe('expired');
  });

  test('deleting a lifecycle deletes every product in it at once, finalizers or not', async () => {
    await using receiver = await startWebhookReceiver();
    await using portal = await startPortalSimulator({ generation });
    const lifecycles = '/configuration/data_product_lifecycles';
    const { json: lifecycle } = await call(portal.url, 'POST', lifecycles, {
      name: 'Doomed',
      value: 1,
      color: 'red',
    });
    const doomed = await makeProduct(portal.url, { lifecycle_id: lifecycle.id });
    const kept = await makeProduct(portal.url);
    const doomedPort = await makePort(portal.url, kept, { lifecycle_id: lifecycle.id });
    const keptPort = await makePort(portal.url, kept);
    await call(portal.url, 'POST', `/data_products/${doomed}/finalizers`, { finalizer: 'holds nothing' });
    portal.setWebhooks({ webhookV2Url: receiver.url });
    expect((await call(portal.url, 'DELETE', `${lifecycles}/${lifecycle.id}`)).status).toBe(200);
    await portal.idle();
    expect((await call(portal.url, 'GET', `/data_products/${doomed}`)).status).toBe(404);
    expect([...portal.state.products.keys()]).toEqual([kept]);
    expect([...portal.state.outputPorts.keys()]).toEqual([keptPort]);
    expect(receiver.received.map(({ body }) => [body.type, body.data])).toEqual([
      ['data_product_role_assignment.event', expect.objectContaining({ data_product_id: doomed })],
      ['data_product.event', { id: doomed }],
      ['output_port_role_assignment.event', expect.objectContaining({ output_port_id: doomedPort })],
      ['output_port.event', { id: doomedPort, data_product_id: kept }],
    ]);
  });
});

test.each([
  ['main', 2],
  ['v0.7.0', 0],
] as const)(
  'listing fills in missing lifecycles; on %s that sends %d events, once',
  async (generation, events) => {
    await using receiver = await startWebhookReceiver();
    await using portal = await startPortalSimulator({ generation });
    for (let product = 0; product < 2; product += 1) await makeProduct(portal.url);
    for (const product of portal.state.products.values()) product.lifecycleId = null;
    portal.setWebhooks({ webhookV2Url: receiver.url });
    const { json } = await call(portal.url, 'GET', '/data_products');
    await call(portal.url, 'GET', '/data_products');
    await portal.idle();
    expect(json.data_products).toMatchObject([
      { lifecycle: { name: 'Draft' } },
      { lifecycle: { name: 'Draft' } },
    ]);
    expect(receiver.received.map(({ body }) => body.type)).toEqual(Array(events).fill('data_product.event'));
  },
);
