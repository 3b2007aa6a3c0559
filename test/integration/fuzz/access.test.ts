/** What a product's policy opens when the portal's answers about it are damaged, judged by an evaluator of its own. */
import { resolve } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ProvisionerError } from '../../../src/model/errors.ts';
import { type HomeName, homeNamesFor } from '../../../src/model/home.ts';
import { ProductId } from '../../../src/model/ids.ts';
import type { Product } from '../../../src/model/product.ts';
import { type HomeSettings, wishForHome } from '../../../src/reconcile/desired.ts';
import { loadCatalogue } from '../../../src/workspace/catalogue.ts';
import { withEnvBlock } from '../../../src/workspace/env-block.ts';
import { cast, type Generation, generations, recorded } from '../../spec/portal/recorded.ts';
import { allows, s3Requests } from '../../support/iam-evaluator.ts';
import { fuzzRuns } from '../../support/mutations.ts';
import { answerTo, consumerAnswers, replay } from '../portal/portal-server.ts';
import { startDamagedPortal, wrecks } from './damaged-portal.ts';

const bucket = 'data-products';
/** Whose ports the product asked for without an approval that counts. */
const others = {
  pending: '00000000-0000-4000-8000-000000000001',
  denied: '00000000-0000-4000-8000-000000000002',
  revoked: '00000000-0000-4000-8000-000000000003',
  expired: '00000000-0000-4000-8000-000000000004',
};
const stranger = '00000000-0000-4000-8000-000000000005';
const homeOf = (id: string) => `home-of-${id.slice(-4)}` as HomeName;

let settings: HomeSettings;
beforeAll(async () => {
  settings = {
    bucket,
    region: 'us-east-1',
    addressing: 'path',
    workspaceEndpoint: 'http://store:9000',
    finalizer: null,
    rotateOnAccessChange: true,
    keyMaxAgeMs: null,
    catalogue: await loadCatalogue({
      fallback: resolve('templates/sqlmesh'),
      folders: {},
      rules: [],
      parameters: {},
    }),
    history: true,
    workspaceEnv: () => ({}),
    secretReference: () => ({}),
  };
});

/** The recorded consumer with its one approval, and one entry of each kind that gives no access. */
function answersOf(generation: Generation) {
  const { consumer } = cast(generation);
  const approved = recorded(generation, 'input-ports-approved');
  const [port] = (approved.response as { input_ports: { output_port: object }[] }).input_ports;
  const refused = Object.entries(others).map(([status, id]) => ({
    ...port,
    status,
    output_port: { ...port?.output_port, data_product_id: id },
  }));
  const response = { input_ports: [port, ...refused] };
  const [names, extra] = consumerAnswers(generation, 'input-ports-approved');
  return replay(generation, names, [
    ...extra,
    answerTo('GET', `/data_products/${consumer}/input_ports`, { status: 200, response }),
  ]);
}

function wishFor(product: Product, generation: Generation) {
  const ids = [cast(generation).provider, ...Object.values(others), stranger].map((id) =>
    ProductId.parse(id),
  );
  const [own] = homeNamesFor(product);
  if (own === undefined) throw new Error('no name for a home');
  const wish = wishForHome(settings, {
    product,
    home: own,
    providers: new Map(ids.map((id) => [id, { id, name: id, home: homeOf(id), live: true }])),
    grantedBefore: new Set(),
    tables: new Map(),
    issuer: {
      store: 'AWS IAM API',
      credentials: 'keys',
      fixedForMs: null,
      limits: { policySize: 20_480, keysPerPrincipal: 2 },
    },
    nowMs: Date.now(),
    rotateWhy: null,
    renderedFrom: null,
  });
  return { own, wish };
}

describe.each(generations)('%s', (generation) => {
  const provider = homeOf(cast(generation).provider);

  test('whole answers open the own prefix and that of the approved input', async () => {
    await using portal = await startDamagedPortal(answersOf(generation));
    const product = await portal.client.readProduct(cast(generation).consumer);
    if (product === null) throw new Error('it is gone');
    expect(product.inputs).toHaveLength(5);
    expect(wishFor(product, generation).wish.desired.readable).toEqual([provider]);
  });

  test('damaged answers open no more than that, and lead to lines of .env that mean the same to all readers', async () => {
    await using portal = await startDamagedPortal(answersOf(generation));
    const closed = [...Object.values(others), stranger].map(homeOf);
    const runs = fuzzRuns(200);
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(wrecks, async (wreck) => {
        portal.damage(wreck);
        const product = await portal.client.readProduct(cast(generation).consumer).catch(() => null);
        if (product === null) return;
        try {
          const { own, wish } = wishFor(product, generation);
          reached += 1;
          const { policy, env } = wish.desired;
          const on = (action: string, home: string) =>
            allows(policy, s3Requests.object(action, bucket, `${home}/x`));
          expect(on('s3:PutObject', own)).toBe(true);
          expect(on('s3:PutObject', provider)).toBe(false);
          for (const home of closed) {
            expect(on('s3:GetObject', home)).toBe(false);
            expect(allows(policy, s3Requests.list(bucket, `${home}/`))).toBe(false);
          }
          for (const prefix of [undefined, '', '/'])
            expect(allows(policy, s3Requests.list(bucket, prefix))).toBe(false);
          withEnvBlock('', env);
        } catch (thrown) {
          if (!(thrown instanceof ProvisionerError)) throw thrown;
          // A setting can name a template that is not there.
          expect(thrown.code).toBe('TEMPLATE_INVALID');
        }
      }),
      { numRuns: runs },
    );
    expect(reached).toBeGreaterThan(runs / 10);
  });
});
