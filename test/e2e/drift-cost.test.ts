/** What it costs to see that a home is as it should be: every request to store and portal, counted. */
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { createProxiedWorld, type ProxiedWorld } from '../support/proxied-world.ts';
import { eventually } from '../support/world.ts';

/** Far enough apart that what is counted belongs to one of them. */
const intervalMs = 2000;

/** Drift checks that found all as it should be. */
const checks = (world: ProxiedWorld) =>
  world.lines.filter((line) => line.includes('"nothing to do"') && line.includes('"drift-check"')).length;

type Requests = Readonly<Record<string, number>>;

/** Kind of request → how often it came, in one check of each product; ids are left out. */
async function requestsOfRound(world: ProxiedWorld, products: number): Promise<Requests> {
  const rounds = () => Math.floor(checks(world) / products);
  const next = async () => {
    const before = rounds();
    await eventually('a round', () => rounds() > before);
  };
  // One may be under way already.
  await next();
  await next();
  // On a busy machine a check of the next round may begin before the last one of this round has ended.
  const [one, another] = [await requestsUntil(world, next), await requestsUntil(world, next)];
  return total(one) <= total(another) ? one : another;
}

async function requestsUntil(world: ProxiedWorld, over: () => Promise<void>): Promise<Requests> {
  const seen: Record<string, number> = {};
  const note = (whom: string) => (request: { readonly method: string; readonly path: string }) => {
    const kind = `${whom} ${request.method} ${request.path.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…')}`;
    seen[kind] = (seen[kind] ?? 0) + 1;
    return null;
  };
  world.storeProxy.fail(note('store'));
  world.portalProxy.fail(note('portal'));
  await over();
  world.storeProxy.fail(null);
  world.portalProxy.fail(null);
  return seen;
}

function total(requests: Requests): number {
  return Object.values(requests).reduce((sum, times) => sum + times, 0);
}

/** What a check asks, so many times. */
const asked = (times: number) => ({
  'portal GET /api/v2/data_products/…': times,
  'portal GET /api/v2/data_products/…/input_ports': times,
  'portal GET /api/v2/data_products/…/settings': times,
  'portal GET /api/v2/authz/role_assignments/data_product?data_product_id=…': times,
  // The IAM API: the user, its keys, its policies and what others gave it beside them.
  'store POST /': 8 * times,
});

test('a drift check of a home in order makes 13 requests, and one more for each provider that it reads', async () => {
  await using world = await createProxiedWorld({
    PROV_RESYNC_INTERVAL: '1h',
    PROV_DRIFT_INTERVAL: `${intervalMs / 1000}s`,
  });
  const user = new PortalUser(world.portal.url);
  const provider = await user.createProduct('Source', 'source');
  expect(await requestsOfRound(world, 1)).toEqual({
    ...asked(1),
    'store HEAD /data-products/source/.keep': 1,
  });
  const port = await user.createPort(provider, 'out');
  const consumer = await user.createProduct('Reader', 'reader');
  await user.requestAccess(consumer, port);
  await user.decide(provider, port, consumer, 'approve');
  await eventually('access', async () =>
    (await world.workspaceFile('reader', '.env'))?.includes('source/output'),
  );
  expect(await requestsOfRound(world, 2)).toEqual({
    ...asked(2),
    'store HEAD /data-products/source/.keep': 1,
    'store HEAD /data-products/reader/.keep': 1,
    'store GET /data-products/?list-type=2&prefix=source%2Foutput%2F': 1,
  });
});
