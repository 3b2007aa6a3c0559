/** The ready policy for sessions on AWS: with it our own identity can do all its work, and with any action less it can not. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { assemblePolicy, samePolicy } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import { type PrincipalName, principalNameOf } from '../../src/identity/issuer.ts';
import { AdminApi } from '../../src/identity/issuers/minio/admin-api.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import { switchOff } from '../support/stores/tampering.ts';
import { startStore } from '../support/world.ts';
import { servers } from './servers.ts';

const bucket = 'data-products';
const region = 'us-east-1';
const Policy = z.object({
  Version: z.literal('2012-10-17'),
  Statement: z.array(z.looseObject({ Action: z.array(z.string()) })),
});
type Policy = z.infer<typeof Policy>;
type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

const ready = Policy.parse(JSON.parse(readFileSync('docs/policies/aws-sessions.json', 'utf8')));
const actions = ready.Statement.flatMap(({ Action }) => Action);

let server: Awaited<ReturnType<typeof startStore>>;
let root: IAMClient;

beforeAll(async () => {
  server = await startStore();
  const admin = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  root = new IAMClient({ endpoint: server.endpoint, region, credentials: admin });
  // No test depends on the one that makes the bucket.
  using objects = new S3ObjectStore({ endpoint: server.endpoint, region, bucket, ...admin });
  await objects.writeMarker('any' as HomeName, ProductId.parse(randomUUID()));
});
afterAll(async () => {
  root?.destroy();
  await server?.[Symbol.asyncDispose]();
});

async function identityWith(policy: Policy): Promise<Credentials> {
  const UserName = `admin-${randomUUID()}`;
  await root.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = JSON.stringify(policy);
  await root.send(new PutUserPolicyCommand({ UserName, PolicyName: 'admin', PolicyDocument }));
  const { AccessKey } = await root.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}

/** Somebody does to a role all that is put right again. */
async function disturb(RoleName: PrincipalName): Promise<void> {
  const anything = [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: anything });
  const PolicyName = `theirs-${randomUUID()}`;
  const { Policy: made } = await root.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }));
  await root.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: made?.Arn }));
  await root.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 3600 }));
  const everybody = [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }];
  const trust = JSON.stringify({ Version: '2012-10-17', Statement: everybody });
  await root.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust }));
}

/** Everything that is asked of a store in the life of a product. */
async function wholeLife(
  endpoint: string,
  credentials: Credentials,
  disturbed: (principal: PrincipalName) => Promise<void>,
): Promise<void> {
  const find = issuerFinder({
    api: 'auto',
    endpoint,
    iamEndpoint: undefined,
    region,
    ...credentials,
    credentials: { seconds: 7200, patienceMs: 1 },
    onFound: () => undefined,
  });
  using objects = new S3ObjectStore({ endpoint, region, bucket, ...credentials });
  const product = ProductId.parse(randomUUID());
  const principal = principalNameOf(product);
  const home = `home-${product}` as HomeName;
  const policy = assemblePolicy(bucket, home, []);
  const issuer = await find();
  const look = () => issuer.observe(principal, { booked: [], thorough: true });
  await objects.readMarker(home);
  await objects.writeMarker(home, product);
  await objects.listTables(`${home}/`);
  await issuer.ensurePrincipal(principal);
  await issuer.putPolicy(principal, policy);
  await disturbed(principal);
  await issuer.ensurePrincipal(principal);
  await issuer.putPolicy(principal, policy, (await look()).policy);
  const found = await look();
  expect([found.exists, samePolicy(policy, found.policy)]).toEqual([true, true]);
  const { name } = await issuer.createKey(principal, issuer.proposeKeyId());
  await issuer.renewKey(principal, name);
  await issuer.disableKey(principal, name);
  await issuer.deleteKey(principal, name);
  await issuer.deletePrincipal(principal);
  await objects.purge(home);
}

test('it is enough for everything', async () => {
  await wholeLife(server.endpoint, await identityWith(ready), disturb);
});

/** The bucket is there already; MiniStack asks for no right of its own to set a tag, AWS does. */
const untried = new Set(['s3:CreateBucket', 'iam:TagRole']);

test.each(actions.filter((action) => !untried.has(action)))('it needs %s', async (missing) => {
  const Statement = ready.Statement.map((statement) => ({
    ...statement,
    Action: statement.Action.filter((action) => action !== missing),
  })).filter(({ Action }) => Action.length > 0);
  const credentials = await identityWith({ ...ready, Statement });
  await expect(wholeLife(server.endpoint, credentials, disturb)).rejects.toMatchObject({
    code: 'STORE_DENIED',
  });
});

test.each(servers.filter(([name]) => name === 'MinIO' || name === 'RustFS'))(
  'on %s the policy for keys is enough for sessions, too',
  async (_name, start) => {
    await using store = await start();
    const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = store;
    const api = new AdminApi({ endpoint, region, accessKeyId, secretAccessKey });
    const [name, secret] = [`admin-${randomUUID()}`, randomUUID()];
    await api.putPolicy(name, JSON.parse(readFileSync('docs/policies/minio.json', 'utf8')));
    await api.putUser(name, secret, 'enabled');
    await api.joinGroup(name, [name]);
    await api.attachPolicies(name, [name]);
    const credentials = { accessKeyId: name, secretAccessKey: secret };
    await wholeLife(endpoint, credentials, (principal) => switchOff(store, principal));
  },
);
