/** A new key is proven on every kind of store: what it must open, and what it must not. */
import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { assemblePolicy, type PolicyDocument, type PolicyStatement } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import { type AccessKey, type Issuer, principalNameOf } from '../../src/identity/issuer.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { type Claim, proveKey } from '../../src/storage/proof.ts';
import { createS3Client, S3ObjectStore } from '../../src/storage/s3.ts';
import type { StoreServer } from '../support/stores/server.ts';
import { objectsBelow } from './access.ts';
import { servers } from './servers.ts';

const bucket = 'data-products';
const region = 'us-east-1';
const claim = { own: 'own', inputs: ['input'], foreign: ['foreign'] } as unknown as Claim;
const right = assemblePolicy(bucket, claim.own, claim.inputs);
const arn = `arn:aws:s3:::${bucket}`;

const widened = (...more: Omit<PolicyStatement, 'Sid' | 'Effect'>[]): PolicyDocument => ({
  ...right,
  Statement: [
    ...right.Statement,
    ...more.map(
      (statement, index): PolicyStatement => ({ Sid: `More${index}`, Effect: 'Allow', ...statement }),
    ),
  ],
});

const wrong: readonly (readonly [what: string, policy: PolicyDocument, words: string])[] = [
  [
    'reads a foreign prefix',
    widened({ Action: ['s3:GetObject'], Resource: [`${arn}/foreign/*`] }),
    'can (read|copy from) the foreign prefix foreign',
  ],
  [
    'lists everything',
    widened({ Action: ['s3:ListBucket'], Resource: [arn] }),
    'can list the foreign prefix foreign',
  ],
  [
    'writes to an input',
    widened({ Action: ['s3:PutObject', 's3:DeleteObject'], Resource: [`${arn}/input/*`] }),
    'can write to the input input',
  ],
  ['can not read its input', assemblePolicy(bucket, claim.own, []), 'can not (read|list) the input input'],
  [
    'has no home',
    { Version: '2012-10-17', Statement: right.Statement.slice(1) },
    'can not (write below|list) its own prefix',
  ],
];

describe.each(servers)('the proof of a key on %s', (_name, start) => {
  let server: StoreServer;
  let issuer: Issuer;
  let objects: S3ObjectStore;

  beforeAll(async () => {
    server = await start();
    const credentials = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
    const place = { endpoint: server.endpoint, region, ...credentials };
    const options = {
      ...place,
      api: 'auto',
      iamEndpoint: server.iamEndpoint,
      onFound: () => undefined,
    } as const;
    issuer = await issuerFinder(options)();
    objects = new S3ObjectStore({ ...place, bucket });
    for (const home of ['own', 'input', 'foreign'])
      await objects.writeMarker(home as HomeName, ProductId.parse(randomUUID()));
  });
  afterAll(async () => {
    objects?.[Symbol.dispose]();
    await server?.[Symbol.asyncDispose]();
  });

  async function keyUnder(policy: PolicyDocument): Promise<AccessKey> {
    const principal = principalNameOf(ProductId.parse(randomUUID()));
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, policy);
    return issuer.createKey(principal, issuer.proposeKeyId());
  }

  const options = () => ({ store: { endpoint: server.endpoint, region, bucket }, timeoutMs: 300 });

  async function proveWith(policy: PolicyDocument): Promise<void> {
    await proveKey(await keyUnder(policy), claim, options());
  }

  test('is given when it opens what it must and nothing else', async () => {
    await proveWith(right);
  });

  test.each(wrong)('fails when it %s, and says so', async (_what, policy, words) => {
    await expect(proveWith(policy)).rejects.toMatchObject({
      code: 'PROOF_FAILED',
      message: expect.stringMatching(words),
    });
  });

  test('does not depend on what somebody put in the place of a marker', async () => {
    const { accessKey: accessKeyId, secretKey: secretAccessKey } = server;
    const client = createS3Client({ endpoint: server.endpoint, region, accessKeyId, secretAccessKey }, 3);
    const body = `<Error><Code>AccessDenied</Code></Error>${'x'.repeat(1_000_000)}`;
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'input/.keep', Body: body }));
    client.destroy();
    await proveWith(right);
  });

  test.each([-1, 1])('does not depend on our clock, wrong by a day (%i)', async (days) => {
    const key = await keyUnder(right);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * 86_400_000 });
    try {
      await proveKey(key, claim, options());
      const widened = { ...claim, foreign: [claim.own] };
      await expect(proveKey(key, widened, options())).rejects.toMatchObject({
        code: 'PROOF_FAILED',
        facts: { opens: 'too much' },
      });
    } finally {
      vi.useRealTimers();
    }
  });

  test('leaves nothing behind', async () => {
    await proveWith(right);
    await proveWith(wrong[0]?.[1] ?? right).catch(() => undefined);
    expect(await objects.listTables('own/')).toEqual([]);
    expect(await objectsBelow(server, 'own/')).toEqual(['own/.keep']);
  });
});
