/**
 * The ready policies of docs/policies: with one our own identity can do all its work, and with any action less it can
 * not.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  AddUserToGroupCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { assemblePolicy, policySize } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import { type PrincipalName, principalNameOf } from '../../src/identity/issuer.ts';
import { AwsIamIssuer } from '../../src/identity/issuers/aws-iam.ts';
import { AdminApi } from '../../src/identity/issuers/minio/admin-api.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import { startMinio } from '../support/stores/minio.ts';
import { rustfsProgram, startRustfs } from '../support/stores/rustfs.ts';
import type { StoreServer } from '../support/stores/server.ts';
import {
  type ForeignKey,
  makeAccessKey,
  makeServiceAccount,
  switchOff,
} from '../support/stores/tampering.ts';
import { startVersitygw } from '../support/stores/versitygw.ts';
import { startStore } from '../support/world.ts';

const region = 'us-east-1';
const Policy = z.object({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.object({
      Sid: z.string(),
      Effect: z.literal('Allow'),
      Action: z.array(z.string()),
      Resource: z.array(z.string()).exactOptional(),
    }),
  ),
});
type Policy = z.infer<typeof Policy>;
type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** A store, how an identity with a policy is made in it, and a key that is not ours beside a product's. */
interface Setting {
  readonly server: StoreServer;
  readonly foreignKey: (principal: PrincipalName, key: string) => Promise<ForeignKey>;
  /** Does to a principal what has to be made good by making it, or putting its policy, once more. */
  readonly disturb: (principal: PrincipalName) => Promise<void>;
  readonly identityWith: (policy: Policy) => Promise<Credentials>;
}

const onMinioLike = (start: () => Promise<StoreServer>) => async (): Promise<Setting> => {
  const server = await start();
  const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = server;
  const root = new AdminApi({ endpoint, region, accessKeyId, secretAccessKey });
  const identityWith = async (policy: Policy) => {
    const name = `admin-${randomUUID()}`;
    const secret = randomUUID();
    await root.putPolicy(name, policy);
    await root.putUser(name, secret, 'enabled');
    await root.joinGroup(name, [name]);
    await root.attachPolicies(name, [name]);
    return { accessKeyId: name, secretAccessKey: secret };
  };
  const foreignKey: Setting['foreignKey'] = (_principal, key) => makeServiceAccount(server, key);
  const disturb: Setting['disturb'] = (principal) => switchOff(server, principal);
  return { server, identityWith, foreignKey, disturb };
};

/** Statements about policies and groups: MiniStack sees other resources in those calls than AWS documents. */
const resourceless = new Set(['Policies', 'Groups']);

function rootOf(server: StoreServer): IAMClient {
  const credentials = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  return new IAMClient({ endpoint: server.iamEndpoint ?? server.endpoint, region, credentials });
}

const userWith =
  (iam: IAMClient): Setting['identityWith'] =>
  async (policy) => {
    const UserName = `admin-${randomUUID()}`;
    await iam.send(new CreateUserCommand({ UserName }));
    const PolicyDocument = JSON.stringify(policy);
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'admin', PolicyDocument }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  };

async function onVersitygw(): Promise<Setting> {
  const server = await startVersitygw();
  const iam = rootOf(server);
  const foreignKey: Setting['foreignKey'] = (principal) => makeAccessKey(server, principal);
  const disturb: Setting['disturb'] = async (UserName) => {
    const PolicyDocument = JSON.stringify(assemblePolicy('any', 'any' as HomeName, []));
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'theirs', PolicyDocument }));
  };
  return { server, identityWith: userWith(iam), foreignKey, disturb };
}

async function onMiniStack(): Promise<Setting> {
  const server = { name: 'MiniStack', ...(await startStore()) };
  const iam = rootOf(server);
  const identityWith: Setting['identityWith'] = (policy) => {
    const Statement = policy.Statement.map((each) =>
      resourceless.has(each.Sid) ? { ...each, Resource: ['*'] } : each,
    );
    return userWith(iam)({ ...policy, Statement });
  };
  const foreignKey: Setting['foreignKey'] = (principal) => makeAccessKey(server, principal);
  const disturb: Setting['disturb'] = async (UserName) => {
    const GroupName = `theirs-${randomUUID()}`;
    await iam.send(new CreateGroupCommand({ GroupName }));
    await iam.send(new AddUserToGroupCommand({ GroupName, UserName }));
  };
  return { server, identityWith, foreignKey, disturb };
}

/** Everything that is asked of the store in the life of a product. */
async function wholeLife(setting: Setting, credentials: Credentials): Promise<void> {
  const { endpoint, iamEndpoint } = setting.server;
  const find = issuerFinder({
    api: 'auto',
    endpoint,
    iamEndpoint,
    region,
    ...credentials,
    onFound: () => undefined,
  });
  const objects = new S3ObjectStore({ endpoint, region, bucket: 'data-products', ...credentials });
  const product = ProductId.parse(randomUUID());
  const principal = principalNameOf(product);
  const home = `home-${product}` as HomeName;
  try {
    const issuer = await find();
    await objects.readMarker(home);
    await objects.writeMarker(home, product);
    await objects.listTables(`${home}/`);
    await issuer.ensurePrincipal(principal);
    await setting.disturb(principal);
    await issuer.ensurePrincipal(principal);
    const look = async () => (await issuer.observe(principal, { booked: [], thorough: true })).policy;
    for (const count of [0, 60, 61, 0]) {
      const inputs = Array.from({ length: count }, (_, index) => `input-${index}` as HomeName);
      const policy = assemblePolicy('data-products', home, inputs);
      if (policySize(policy) <= issuer.kind.limits.policySize)
        await issuer.putPolicy(principal, policy, await look());
    }
    const key = await issuer.createKey(principal, issuer.proposeKeyId());
    await issuer.observe(principal, { booked: [key.id], thorough: true });
    const foreign = await setting.foreignKey(principal, key.id);
    for (const { id } of [foreign, key]) {
      await issuer.disableKey(principal, id);
      await issuer.deleteKey(principal, id);
    }
    await issuer.deletePrincipal(principal);
    await objects.purge(home);
  } finally {
    objects[Symbol.dispose]();
  }
}

/** The bucket is there already in these tests; MiniStack asks for no right of its own to set a tag, AWS does. */
const untried = new Set(['s3:CreateBucket', 'iam:TagUser', 'iam:TagPolicy']);

const cases = [
  ['MinIO', onMinioLike(startMinio), 'docs/policies/minio.json'],
  ...(rustfsProgram === undefined
    ? []
    : [['RustFS', onMinioLike(startRustfs), 'docs/policies/rustfs.json'] as const]),
  ['versitygw', onVersitygw, 'docs/policies/versitygw.json'],
  ['MiniStack', onMiniStack, 'docs/policies/aws.json'],
] as const;

describe.each(cases)('the ready policy on %s', (_name, start, file) => {
  const policy = Policy.parse(JSON.parse(readFileSync(file, 'utf8')));
  const actions = policy.Statement.flatMap((statement) => statement.Action);
  let setting: Setting;

  beforeAll(async () => {
    setting = await start();
  });
  afterAll(() => setting?.server[Symbol.asyncDispose]());

  test('is enough for everything, from an empty store on', async () => {
    const credentials = await setting.identityWith(policy);
    await wholeLife(setting, credentials);
  });

  test.each(actions.filter((action) => !untried.has(action)))('needs %s', async (missing) => {
    const less: Policy = {
      ...policy,
      Statement: policy.Statement.map((statement) => ({
        ...statement,
        Action: statement.Action.filter((action) => action !== missing),
      })).filter((statement) => statement.Action.length > 0),
    };
    await makeBucket(setting.server);
    const credentials = await setting.identityWith(less);
    // RustFS answers 400 to who may not remove a service account.
    const code = expect.stringMatching(/^STORE_(DENIED|REJECTED)$/);
    await expect(wholeLife(setting, credentials)).rejects.toMatchObject({ code });
  });
});

/** By the root identity, so that no test depends on the one that made it. */
async function makeBucket({ endpoint, accessKey: accessKeyId, secretKey: secretAccessKey }: StoreServer) {
  const root = new S3ObjectStore({ endpoint, region, bucket: 'data-products', accessKeyId, secretAccessKey });
  await root.writeMarker('any' as HomeName, ProductId.parse(randomUUID()));
  root[Symbol.dispose]();
}

test('the ready policy for a boundary is what users from before it was set need beside the others', async () => {
  const setting = await onMiniStack();
  await using server = setting.server;
  const [usual, more] = ['aws', 'aws-boundary'].map((name) =>
    Policy.parse(JSON.parse(readFileSync(`docs/policies/${name}.json`, 'utf8'))),
  ) as [Policy, Policy];
  const iam = rootOf(server);
  const PolicyDocument = JSON.stringify(assemblePolicy('data-products', 'any' as HomeName, []));
  const { Policy: made } = await iam.send(new CreatePolicyCommand({ PolicyName: 'bound', PolicyDocument }));
  const users = { permissionsBoundary: made?.Arn, path: undefined };
  const principal = principalNameOf(ProductId.parse(randomUUID()));
  const connect = async (policy: Policy, boundary = users) => {
    const credentials = await setting.identityWith(policy);
    return AwsIamIssuer.connect({ endpoint: server.endpoint, region, ...credentials, users: boundary });
  };
  await (await connect(usual, { ...users, permissionsBoundary: undefined })).ensurePrincipal(principal);
  await expect((await connect(usual)).ensurePrincipal(principal)).rejects.toMatchObject({
    code: 'STORE_DENIED',
  });
  const both = { ...usual, Statement: [...usual.Statement, ...more.Statement] };
  const issuer = await connect(both);
  await issuer.ensurePrincipal(principal);
  expect((await issuer.observe(principal, { booked: [], thorough: false })).exists).toBe(true);
});
