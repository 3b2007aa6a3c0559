/**
 * What the portal tells nobody: changes that no event of the second generation announces, and events that only our own
 * listing sets off (observed on main). The resync alone finds the former, and must not be kept busy by the latter.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { s3As } from '../support/s3-as.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

let world: World;
let user: PortalUser;

beforeAll(async () => {
  world = await createWorld(
    { PROV_RESYNC_INTERVAL: '1s', PROV_DRIFT_INTERVAL: '1h' },
    { generation: 'main' },
  );
  user = new PortalUser(world.portal.url);
});
afterAll(() => world?.[Symbol.asyncDispose]());

const saysInReadme = (home: string, words: string) =>
  eventually(`${words} in the README of ${home}`, async () =>
    (await world.workspaceFile(home, 'README.md'))?.includes(words),
  );

async function moreListings(): Promise<void> {
  const listings = () => world.lines.filter((line) => line.includes('"message":"resync"')).length;
  const seen = listings();
  await eventually('two more listings', () => listings() >= seen + 2);
}

/** Replaces a record of the portal's configuration behind everybody's back. */
function change<Record extends { readonly id: string }>(
  records: Map<string, Record>,
  is: (record: Record) => boolean,
  changes: Partial<Record>,
): void {
  const record = [...records.values()].find(is);
  if (record === undefined) throw new Error('the portal has no such record');
  records.set(record.id, { ...record, ...changes });
}

test('a domain that gets another name is told in the workspaces of its products', async () => {
  const product = await user.createProduct('Named', 'named');
  const { domain } = await user.detail(product);
  const was = world.portal.state.domains.get(domain.id)?.name ?? '';
  await saysInReadme('named', was);
  change(world.portal.state.domains, ({ id }) => id === domain.id, { name: 'Renamed domain' });
  await saysInReadme('named', 'Renamed domain');
});

test('a setting that gets another default reaches the products that go by it', async () => {
  await user.createProduct('Default', 'default');
  await eventually('the workspace', () => world.workspaceFile('default', 'config.yaml'));
  change(world.portal.state.settingDefinitions, ({ namespace }) => namespace === 'workspace_template', {
    default: 'dbt-duckdb',
  });
  await eventually('the other template', () => world.workspaceFile('default', 'dbt_project.yml'));
});

test('access that had ended is given again when its renewal is approved, which changes nothing but its last day', async () => {
  const provider = await user.createProduct('Lender', 'lender');
  const port = await user.createPort(provider, 'lent');
  const consumer = await user.createProduct('Borrower', 'borrower');
  await user.requestAccess(consumer, port);
  await user.decide(provider, port, consumer, 'approve');
  const statusIs = (wanted: number) =>
    eventually(`${wanted} for the borrower`, async () => {
      const env = await world.workspaceFile('borrower', '.env');
      return env !== null && (await s3As(world.store.endpoint, env).get('lender/.keep')) === wanted;
    });
  await statusIs(200);
  const until = (day: string) => {
    for (const { requests } of world.portal.state.inputPorts.values())
      for (const request of requests) request.validUntil = day;
  };
  const dayFromNow = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  until(dayFromNow(-1));
  // Any event makes the day known.
  await user.rename(consumer, 'borrower');
  await statusIs(403);
  // What the webhooks asked for is done; a product that is new has no drift check in its first hour.
  await world.portal.idle();
  await moreListings();
  until(dayFromNow(30));
  await statusIs(200);
});

test('the wave of events that a listing sets off settles', async () => {
  const products = [...world.portal.state.products.values()];
  await world.portal.idle();
  for (const product of products) product.lifecycleId = null;
  const count = () => world.portal.deliveries.length;
  const before = count();
  await eventually('the wave', () => count() >= before + products.length);
  await world.portal.idle();
  await moreListings();
  await world.portal.idle();
  expect(count() - before).toBe(products.length);
});
