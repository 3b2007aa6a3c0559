/** A policy in parts on MinIO and RustFS: a change of it refuses nothing on the way, wherever it is cut off. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assemblePolicy, type PolicyDocument, samePolicy } from '../../src/grants/policy.ts';
import { FoundPolicy } from '../../src/identity/found-policy.ts';
import { principalNameOf } from '../../src/identity/issuer.ts';
import { AdminApi } from '../../src/identity/issuers/minio/admin-api.ts';
import { MinioIssuer } from '../../src/identity/issuers/minio/minio.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import { allows, s3Requests } from '../support/iam-evaluator.ts';
import { type CutOff, startCutOff } from '../support/stores/cut-off.ts';
import type { StoreServer } from '../support/stores/server.ts';
import { statusAs } from './access.ts';
import { servers } from './servers.ts';

const bucket = 'data-products';
const region = 'us-east-1';
const inputs = Array.from(
  { length: 640 },
  (_, index) => `input-${String(index).padStart(3, '0')}` as HomeName,
);

/** Own prefix and the first inputs. */
const policyFor = (count: number): PolicyDocument =>
  assemblePolicy(bucket, 'own' as HomeName, inputs.slice(0, count));

const requestsOn = (home: HomeName) => [
  s3Requests.object('s3:GetObject', bucket, `${home}/x`),
  s3Requests.list(bucket, `${home}/`),
];

/** From a number of inputs to another, and how many parts the latter takes. */
const changes = [
  ['one part to several', 150, 640, 3],
  ['several parts to one', 640, 150, 1],
  ['an input more', 300, 301, 2],
  ['an input less', 301, 300, 2],
] as const;

describe.each(servers.filter(([name]) => name === 'MinIO' || name === 'RustFS'))('on %s', (_name, start) => {
  let server: StoreServer;
  let cutOff: CutOff;
  let issuer: MinioIssuer;
  let root: AdminApi;

  beforeAll(async () => {
    server = await start();
    cutOff = await startCutOff(server.endpoint);
    const credentials = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
    issuer = await MinioIssuer.connect({ endpoint: cutOff.url, region, ...credentials });
    root = new AdminApi({ endpoint: server.endpoint, region, ...credentials });
    using objects = new S3ObjectStore({ endpoint: server.endpoint, region, bucket, ...credentials });
    for (const index of [149, 299])
      await objects.writeMarker(inputs[index] as HomeName, ProductId.parse(randomUUID()));
  });
  afterAll(async () => {
    await cutOff?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  async function makePrincipal(policy: PolicyDocument) {
    const principal = principalNameOf(ProductId.parse(randomUUID()));
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, policy);
    const look = async () => (await issuer.observe(principal, { booked: [], thorough: false })).policy;
    const put = async (wanted: PolicyDocument) => issuer.putPolicy(principal, wanted, await look());
    const parts = async () => {
      const names = [principal, ...Array.from({ length: 9 }, (_, index) => `${principal}.${index + 1}`)];
      const found = await Promise.all(names.map((name) => root.readPolicy(name)));
      return found.filter((part) => part !== null).length;
    };
    /** All that is attached, as one policy. */
    const attached = async (): Promise<PolicyDocument> => {
      const { policies = [] } = (await root.readGroup(principal)) ?? {};
      const documents = await Promise.all(policies.map((name) => root.readPolicy(name)));
      const Statement = documents.flatMap((found) => FoundPolicy.parse(found?.policy).Statement);
      return { Version: '2012-10-17', Statement };
    };
    return { principal, look, put, parts, attached };
  }

  test.each(changes)('a change from %s is carried on from anywhere', async (_what, before, after, count) => {
    for (let allowed = 0; ; allowed += 1) {
      cutOff.allow(Number.POSITIVE_INFINITY);
      const { principal, look, put, parts, attached } = await makePrincipal(policyFor(before));
      const key = await issuer.createKey(principal, issuer.proposeKeyId());
      const access = statusAs(server.endpoint, bucket, key);
      cutOff.allow(allowed);
      const whole = await put(policyFor(after)).then(
        () => true,
        () => false,
      );
      const steps = cutOff.allowed.join();
      cutOff.allow(Number.POSITIVE_INFINITY);
      const kept = inputs.slice(0, Math.min(before, after));
      const standing = await attached();
      expect(
        kept.filter((home) => !requestsOn(home).every((request) => allows(standing, request))),
        steps,
      ).toEqual([]);
      expect(await access.get(inputs[kept.length - 1] as HomeName), steps).toBe(200);
      if (!samePolicy(policyFor(after), await look())) await put(policyFor(after));
      expect(samePolicy(policyFor(after), await look()), steps).toBe(true);
      if (whole) expect(await parts()).toBe(count);
      await issuer.deleteKey(principal, key.id);
      await issuer.deletePrincipal(principal);
      expect(await parts(), steps).toBe(0);
      if (whole) return;
    }
  });
});
