/** Access whose last day is over ends by our own books, where the portal has no word for it: with keys of every kind. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assemblePolicy } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import { type Issuer, principalNameOf } from '../../src/identity/issuer.ts';
import { PlatformRoleIssuer } from '../../src/identity/issuers/aws-platform-role.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId, type RunId } from '../../src/model/ids.ts';
import { endExpired } from '../../src/reconcile/expiry.ts';
import { readBooks } from '../../src/reconcile/observe.ts';
import { EstatePauseView } from '../../src/reconcile/pause.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { Redactor } from '../../src/telemetry/redact.ts';
import { type Books, noteGrant, noteKey, noteProduct, openBooks } from '../support/books.ts';
import { eventually, startStore } from '../support/world.ts';
import { statusAs } from './access.ts';
import { sessions } from './servers.ts';

const bucket = 'data-products';
const region = 'us-east-1';
const [own, input] = ['own', 'input'] as HomeName[] as [HomeName, HomeName];
const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });

let books: Books;
beforeEach(async () => {
  books = await openBooks();
});
afterEach(() => books?.[Symbol.asyncDispose]());

/** A product that may still read another by our books, though its last day for that is over. */
async function noteOverdue(): Promise<ProductId> {
  const provider = await noteProduct(books.db, 'Lender', { home: input });
  const consumer = await noteProduct(books.db, 'Borrower', { home: own });
  await noteGrant(books.db, consumer, provider, new Date(), { name: 'Leads', until: '2026-01-01' });
  return consumer;
}

async function endAccess(id: ProductId, issuer: Issuer) {
  const parts = {
    breakers: [],
    clock: () => new Date(),
    database: books.database,
    estate: new EstatePauseView({ observeOnly: false }),
    findIssuer: async () => issuer,
    log,
    metrics: createMetrics(),
    settings: { bucket },
  };
  const run = { id: randomUUID() as RunId, cause: { kind: 'resync' }, defer: () => undefined } as const;
  return endExpired(parts, await readBooks(parts, id), run);
}

test('a lasting key from before sessions were given loses what is over', async () => {
  await using server = await startStore();
  const { endpoint } = server;
  const admin = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  using objects = new S3ObjectStore({ endpoint, region, bucket, ...admin });
  for (const home of [own, input]) await objects.writeMarker(home, ProductId.parse(randomUUID()));
  const issuerOf = (credentials: 'keys' | typeof sessions) =>
    issuerFinder({
      ...admin,
      api: 'aws-iam',
      endpoint,
      iamEndpoint: undefined,
      region,
      credentials,
      onFound: () => undefined,
    })();
  const product = await noteOverdue();
  const principal = principalNameOf(product);
  const wide = assemblePolicy(bucket, own, [input]);
  for (const issuer of [await issuerOf('keys'), await issuerOf(sessions)]) {
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, wide);
  }
  const key = await (await issuerOf('keys')).createKey(principal, null);
  await noteKey(books.db, product, key.id);
  const access = statusAs(endpoint, bucket, { ...key, token: undefined });
  expect(await access.get(input)).toBe(200);
  const issuer = await issuerOf(sessions);
  const { actions } = await endAccess(product, issuer);
  expect(actions).toMatchObject([{ kind: 'put-policy', outcome: 'done' }]);
  await eventually('the end of the access', async () => (await access.get(input)) === 403);
  expect(await access.get(own)).toBe(200);
  expect(await endAccess(product, issuer)).toMatchObject({ actions: [], audit: [] });
});

test('nobody is told of an end where sessions keep their policy until theirs', async () => {
  const nowhere = { stsEndpoint: 'http://127.0.0.1:9', region, accessKeyId: 'us', secretAccessKey: 'secret' };
  const roleArn = 'arn:aws:iam::000000000000:role/platform';
  const issuer = new PlatformRoleIssuer({ ...nowhere, roleArn, seconds: 900 });
  expect(await endAccess(await noteOverdue(), issuer)).toMatchObject({ actions: [], audit: [] });
});
