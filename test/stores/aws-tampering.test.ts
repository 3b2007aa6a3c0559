/** What somebody gives a product's user beside ours, on the AWS IAM API: seen, told and taken off, never others' things. */
import { randomUUID } from 'node:crypto';
import {
  AddUserToGroupCommand,
  AttachUserPolicyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  GetGroupCommand,
  GetPolicyCommand,
  IAMClient,
  ListUserPoliciesCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { assemblePolicy, samePolicy } from '../../src/grants/policy.ts';
import { type PrincipalName, principalNameOf } from '../../src/identity/issuer.ts';
import { AwsIamIssuer } from '../../src/identity/issuers/aws-iam.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import type { StoreServer } from '../support/stores/server.ts';
import { createWorld, eventually } from '../support/world.ts';
import { statusAs } from './access.ts';
import { servers } from './servers.ts';

const bucket = 'data-products';
const region = 'us-east-1';
const everything = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
});

type Place = Pick<StoreServer, 'endpoint' | 'iamEndpoint' | 'accessKey' | 'secretKey'>;

function rootOf({ endpoint, iamEndpoint, accessKey: accessKeyId, secretKey: secretAccessKey }: Place) {
  const credentials = { accessKeyId, secretAccessKey };
  return new IAMClient({ endpoint: iamEndpoint ?? endpoint, region, credentials });
}

/** Each way to give a user more, and what is there of it afterwards for its owner. */
const gifts = {
  inline: async (iam: IAMClient, UserName: PrincipalName) => {
    const PolicyName = `theirs-${randomUUID()}`;
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument: everything }));
    return async () => {
      const { PolicyNames = [] } = await iam.send(new ListUserPoliciesCommand({ UserName }));
      return PolicyNames.includes(PolicyName);
    };
  },
  attached: async (iam: IAMClient, UserName: PrincipalName) => {
    const PolicyName = `theirs-${randomUUID()}`;
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument: everything }));
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: Policy?.Arn }));
    return () => iam.send(new GetPolicyCommand({ PolicyArn: Policy?.Arn })).then(() => true);
  },
  group: async (iam: IAMClient, UserName: PrincipalName) => {
    const GroupName = `theirs-${randomUUID()}`;
    await iam.send(new CreateGroupCommand({ GroupName }));
    await iam.send(new AddUserToGroupCommand({ GroupName, UserName }));
    return () => iam.send(new GetGroupCommand({ GroupName })).then(() => true);
  },
};

/** versitygw has neither managed policies nor groups. */
const kindsOn: Readonly<Record<string, readonly (keyof typeof gifts)[]>> = {
  MiniStack: ['inline', 'attached', 'group'],
  versitygw: ['inline'],
};

describe.each(servers.filter(([name]) => name in kindsOn))('by hand on %s', (name, start) => {
  let server: StoreServer;
  let root: IAMClient;
  let issuer: AwsIamIssuer;

  beforeAll(async () => {
    server = await start();
    root = rootOf(server);
    const admin = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
    const place = { endpoint: server.endpoint, region };
    issuer = await AwsIamIssuer.connect({
      endpoint: server.iamEndpoint ?? server.endpoint,
      region,
      ...admin,
      users: { permissionsBoundary: undefined, path: undefined },
    });
    using objects = new S3ObjectStore({ ...place, bucket, ...admin });
    for (const home of ['own', 'other'])
      await objects.writeMarker(home as HomeName, ProductId.parse(randomUUID()));
  });
  afterAll(async () => {
    issuer?.[Symbol.dispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const policy = assemblePolicy(bucket, 'own' as HomeName, []);

  async function makeProduct() {
    const principal = principalNameOf(ProductId.parse(randomUUID()));
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, policy);
    const look = async (thorough = true) =>
      (await issuer.observe(principal, { booked: [], thorough })).policy;
    expect(samePolicy(policy, await look())).toBe(true);
    return { principal, look };
  }

  const isOff = { inline: false, attached: true, group: true };
  const kinds = kindsOn[name] ?? [];

  test.each(kinds)(
    'what is given as %s is seen, taken off, and deleted only if it was the user’s alone',
    async (kind) => {
      const { principal, look } = await makeProduct();
      const isThere = await gifts[kind](root, principal);
      expect(samePolicy(policy, await look())).toBe(false);
      await issuer.putPolicy(principal, policy, await look());
      expect(samePolicy(policy, await look())).toBe(true);
      expect(await isThere()).toBe(isOff[kind]);
    },
  );

  test.each(kinds)('a principal that was given something as %s can be deleted', async (kind) => {
    const { principal, look } = await makeProduct();
    const isThere = await gifts[kind](root, principal);
    await issuer.deletePrincipal(principal);
    expect(await look()).toBeNull();
    if (kind !== 'inline') expect(await isThere()).toBe(true);
  });

  test('a right that was given ends with it', async () => {
    const { principal, look } = await makeProduct();
    const access = statusAs(server.endpoint, bucket, await issuer.createKey(principal));
    await gifts.inline(root, principal);
    await eventually('the right', async () => (await access.get('other' as HomeName)) === 200);
    await issuer.putPolicy(principal, policy, await look());
    await eventually('its end', async () => (await access.get('other' as HomeName)) === 403);
    expect(await access.put('own' as HomeName)).toBe(200);
  });

  test('what was not looked for is not deleted unseen', async () => {
    const { principal, look } = await makeProduct();
    const isThere = await gifts.inline(root, principal);
    await issuer.putPolicy(principal, policy, await look(false));
    expect(await isThere()).toBe(true);
  });

  test('what a deleted inline policy said stands in what was found', async () => {
    const { principal, look } = await makeProduct();
    await gifts.inline(root, principal);
    expect(JSON.stringify(await look())).toContain('"Action":"s3:*"');
  });
});

test('the drift check takes off what somebody gave, and the log has what it was', async () => {
  await using world = await createWorld({ PROV_DRIFT_INTERVAL: '1s' });
  const user = new PortalUser(world.portal.url);
  const product = await user.createProduct('Product', 'product');
  const env = await eventually('.env', () => world.workspaceFile('product', '.env'));
  const isThere = await gifts.inline(rootOf(world.store), principalNameOf(ProductId.parse(product)));
  await eventually('its end', async () => !(await isThere()), 30_000);
  const found = world.lines.find((line) => line.includes('found drift') && line.includes('theirs-'));
  expect(found).toContain('s3:*');
  expect(await world.workspaceFile('product', '.env')).toBe(env);
});
