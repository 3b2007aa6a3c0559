/** A policy that is too big to be inline, on the AWS IAM API: parts of it as managed policies, made, changed and ended. */
import { randomUUID } from 'node:crypto';
import {
  DetachUserPolicyCommand,
  IAMClient,
  ListAttachedUserPoliciesCommand,
  ListPoliciesCommand,
  ListPolicyTagsCommand,
  ListPolicyVersionsCommand,
  ListUserPoliciesCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import type { DemoStore } from '../../demo/store/ministack.ts';
import {
  assemblePolicy,
  type PolicyDocument,
  type PolicyStatement,
  samePolicy,
} from '../../src/grants/policy.ts';
import { principalNameOf } from '../../src/identity/issuer.ts';
import { AwsIamIssuer } from '../../src/identity/issuers/aws-iam.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import { allows, s3Requests } from '../support/iam-evaluator.ts';
import { entriesOf } from '../support/s3-as.ts';
import { type CutOff, startCutOff } from '../support/stores/cut-off.ts';
import { startVersitygw } from '../support/stores/versitygw.ts';
import { createWorld, eventually, startStore } from '../support/world.ts';
import { statusAs } from './access.ts';

const bucket = 'data-products';
const region = 'us-east-1';
const users = { permissionsBoundary: undefined, path: '/data-products/' };

let server: DemoStore;
let cutOff: CutOff;
let iam: IAMClient;
let issuer: AwsIamIssuer;

beforeAll(async () => {
  server = await startStore();
  cutOff = await startCutOff(server.endpoint);
  const credentials = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  iam = new IAMClient({ endpoint: server.endpoint, region, credentials });
  issuer = await AwsIamIssuer.connect({ endpoint: cutOff.url, region, ...credentials, users });
  using objects = new S3ObjectStore({ endpoint: server.endpoint, region, bucket, ...credentials });
  for (const home of ['own', 'always', 'input-0', 'input-250', 'input-499', 'other'])
    await objects.writeMarker(home as HomeName, ProductId.parse(randomUUID()));
});
afterAll(async () => {
  issuer?.[Symbol.dispose]();
  await cutOff?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

/** Reading `always` and as many inputs more. */
const policyFor = (count: number): PolicyDocument => {
  const inputs = Array.from({ length: count }, (_, index) => `input-${index}`);
  return assemblePolicy(bucket, 'own' as HomeName, ['always', ...inputs] as HomeName[]);
};

async function makeUser() {
  const principal = principalNameOf(ProductId.parse(randomUUID()));
  await issuer.ensurePrincipal(principal);
  const look = async () => (await issuer.observe(principal, { booked: [], thorough: true })).policy;
  const put = async (policy: PolicyDocument) => issuer.putPolicy(principal, policy, await look());
  const attached = async () => {
    const { AttachedPolicies = [] } = await iam.send(
      new ListAttachedUserPoliciesCommand({ UserName: principal }),
    );
    return AttachedPolicies.map(({ PolicyName = '' }) => PolicyName).sort();
  };
  const made = async () => {
    const { Policies = [] } = await iam.send(new ListPoliciesCommand({ Scope: 'Local' }));
    return Policies.filter(({ PolicyName = '' }) => PolicyName.startsWith(principal));
  };
  const inline = async () =>
    (await iam.send(new ListUserPoliciesCommand({ UserName: principal }))).PolicyNames ?? [];
  return { principal, look, put, attached, made, inline };
}

type User = Awaited<ReturnType<typeof makeUser>>;

/** The policy stands in one form, and nothing of another one is left. */
async function expectOnly(user: User, policy: PolicyDocument, parts: number) {
  const names = Array.from({ length: parts }, (_, index) => `${user.principal}-${index + 1}`).sort();
  expect(samePolicy(policy, await user.look())).toBe(true);
  expect(await user.attached()).toEqual(names);
  expect((await user.made()).map(({ PolicyName }) => PolicyName).sort()).toEqual(names);
  expect(await user.inline()).toEqual(parts === 0 ? ['data-product'] : []);
}

test('a store with managed policies says that it has room for them, one without does not', async () => {
  await using versitygw = await startVersitygw();
  const { iamEndpoint = '', accessKey: accessKeyId, secretKey: secretAccessKey } = versitygw;
  using without = await AwsIamIssuer.connect({
    endpoint: iamEndpoint,
    region,
    accessKeyId,
    secretAccessKey,
    users,
  });
  expect(without.kind.limits.policySize).toBe(2048);
  expect(issuer.kind.limits.policySize).toBe(55_000);
  const principal = principalNameOf(ProductId.parse(randomUUID()));
  await without.ensurePrincipal(principal);
  await expect(without.putPolicy(principal, policyFor(50))).rejects.toMatchObject({
    code: 'STORE_REJECTED',
    message: expect.stringContaining('has room for 2048'),
  });
});

test('a key opens what any of the parts says and nothing else', async () => {
  const user = await makeUser();
  await user.put(policyFor(500));
  expect((await user.attached()).length).toBe(6);
  const key = await issuer.createKey(user.principal);
  const access = statusAs(server.endpoint, bucket, key);
  expect(await access.put('own' as HomeName)).toBe(200);
  for (const home of ['input-0', 'input-250', 'input-499'] as HomeName[]) {
    expect([await access.get(home), await access.list(`${home}/`)], home).toEqual([200, 200]);
    expect(await access.put(home), home).toBe(403);
  }
  expect([await access.get('other' as HomeName), await access.list('other/')]).toEqual([403, 403]);
  expect(await access.list('')).toBe(403);
});

test('parts lie under the user’s path and carry the tag that says whose they are', async () => {
  const user = await makeUser();
  await user.put(policyFor(40));
  const [first] = await user.made();
  expect(first).toMatchObject({ Path: '/data-products/' });
  const { Tags } = await iam.send(new ListPolicyTagsCommand({ PolicyArn: first?.Arn }));
  expect(Tags).toEqual([{ Key: 'managed-by', Value: 'data-product-provisioner' }]);
});

test('a part that changes often keeps no more versions than IAM allows', async () => {
  const user = await makeUser();
  for (let count = 30; count < 38; count += 1) await user.put(policyFor(count));
  const [part] = await user.made();
  const { Versions = [] } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn: part?.Arn }));
  expect(Versions.length).toBeLessThanOrEqual(5);
  await expectOnly(user, policyFor(37), 1);
});

test('a part that somebody took off is put back', async () => {
  const user = await makeUser();
  await user.put(policyFor(120));
  const second = (await user.made()).find(({ PolicyName }) => PolicyName?.endsWith('-2'));
  await iam.send(new DetachUserPolicyCommand({ UserName: user.principal, PolicyArn: second?.Arn }));
  expect(samePolicy(policyFor(120), await user.look())).toBe(false);
  await user.put(policyFor(120));
  await expectOnly(user, policyFor(120), 2);
});

test('nothing is left of a principal that is deleted', async () => {
  const user = await makeUser();
  await user.put(policyFor(120));
  await issuer.deletePrincipal(user.principal);
  await issuer.deletePrincipal(user.principal);
  expect(await user.made()).toEqual([]);
  expect(await issuer.observe(user.principal, { booked: [], thorough: true })).toEqual({
    exists: false,
    policy: null,
    keys: [],
  });
});

/** What the user may do by all that was found, in whatever form. */
function statementsIn(found: unknown): readonly PolicyStatement[] {
  if (typeof found !== 'object' || found === null) return [];
  return Object.entries(found).flatMap(([name, value]) =>
    name === 'Statement' ? (value as PolicyStatement[]) : statementsIn(value),
  );
}

const one = (statement: PolicyStatement): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [statement],
});

/** What stays granted: every input, not only those at the ends of a part. */
const requestsOf = (count: number) =>
  ['own', 'always', ...Array.from({ length: count }, (_, index) => `input-${index}`)].flatMap((home) => [
    s3Requests.object('s3:GetObject', bucket, `${home}/x`),
    s3Requests.list(bucket, `${home}/`),
  ]);

/** From a number of inputs to another, and how many parts the latter takes. */
const changes = [
  ['inline to parts', 3, 120, 2],
  ['parts to inline', 120, 3, 0],
  ['few parts to more', 60, 120, 2],
  ['many parts to fewer', 180, 60, 1],
  ['an input more', 120, 121, 2],
  ['an input less', 121, 120, 2],
] as const;

describe.each(changes)('a change from %s', (_name, before, after, parts) => {
  test('that is cut off anywhere refuses nothing that stays granted, and is carried on from there', async () => {
    for (let allowed = 0; ; allowed += 1) {
      cutOff.allow(Number.POSITIVE_INFINITY);
      const user = await makeUser();
      await user.put(policyFor(before));
      const access = statusAs(server.endpoint, bucket, await issuer.createKey(user.principal));
      cutOff.allow(allowed);
      const whole = await user.put(policyFor(after)).then(
        () => true,
        () => false,
      );
      const steps = cutOff.allowed.join();
      cutOff.allow(Number.POSITIVE_INFINITY);
      const found = await user.look();
      expect(await access.get('input-0' as HomeName), steps).toBe(200);
      for (const request of requestsOf(Math.min(before, after)))
        expect(
          statementsIn(found).some((statement) => allows(one(statement), request)),
          steps,
        ).toBe(true);
      if (!whole) expect(samePolicy(policyFor(after), found), steps).toBe(false);
      if (!whole) await user.put(policyFor(after));
      await expectOnly(user, policyFor(after), parts);
      if (whole) return;
    }
  });
});

test('an end that is cut off anywhere is carried on, and leaves nothing', async () => {
  for (let allowed = 0; ; allowed += 1) {
    cutOff.allow(Number.POSITIVE_INFINITY);
    const user = await makeUser();
    await user.put(policyFor(120));
    cutOff.allow(allowed);
    const whole = await issuer.deletePrincipal(user.principal).then(
      () => true,
      () => false,
    );
    cutOff.allow(Number.POSITIVE_INFINITY);
    await issuer.deletePrincipal(user.principal);
    expect(await user.made()).toEqual([]);
    if (whole) return;
  }
});

test('a consumer of more inputs than an inline policy holds reads them all, and one less when one is taken away', async () => {
  await using world = await createWorld({ PROV_ROTATE_ON_ACCESS_CHANGE: 'false' });
  const user = new PortalUser(world.portal.url);
  const homes = Array.from({ length: 9 }, (_, index) => `provider-${index}-${'x'.repeat(40)}` as HomeName);
  const consumer = await user.createProduct('Consumer', 'consumer');
  const ports: string[] = [];
  for (const home of homes) {
    const producer = await user.createProduct(home, home);
    const port = await user.createPort(producer, `port-${home.slice(9, 10)}`);
    await user.requestAccess(consumer, port);
    await user.decide(producer, port, consumer, 'approve');
    if (home === homes.at(-1)) ports.push(producer, port);
  }
  const statuses = async () => {
    const text = await world.workspaceFile('consumer', '.env');
    if (text === null) return null;
    const { S3_ACCESS_KEY: id = '', S3_SECRET_KEY: secret = '' } = entriesOf(text);
    const access = statusAs(world.store.endpoint, bucket, { id, secret });
    return (await Promise.all(homes.map((home) => access.get(home)))).join();
  };
  const all = homes.map(() => '200').join();
  await eventually('all inputs to open', async () => (await statuses()) === all, 60_000);
  const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = world.store;
  const root = new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const UserName = principalNameOf(ProductId.parse(consumer));
  const { AttachedPolicies } = await root.send(new ListAttachedUserPoliciesCommand({ UserName }));
  expect(AttachedPolicies?.map(({ PolicyName }) => PolicyName)).toEqual([`${UserName}-1`]);
  const [producer = '', port = ''] = ports;
  await user.decide(producer, port, consumer, 'revoke');
  const oneLess = all.replace(/200$/, '403');
  await eventually('the last one to close', async () => (await statuses()) === oneLess, 60_000);
});
