/** One role that the platform made, for all products: each session is opened with the policy of its product. */
import { randomUUID } from 'node:crypto';
import { CreateRoleCommand, IAMClient, ListRolesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { freePort } from '../../demo/store/free-port.ts';
import { assemblePolicy, policySize } from '../../src/grants/policy.ts';
import { principalNameOf } from '../../src/identity/issuer.ts';
import { PlatformRoleIssuer } from '../../src/identity/issuers/aws-platform-role.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { entriesOf } from '../support/s3-as.ts';
import { createWorldOn, eventually, startStore, type World } from '../support/world.ts';
import { statusAs } from './access.ts';

const roleArn = 'arn:aws:iam::000000000000:role/platform';

/** A store with a role that may do everything in the bucket, and that our identity may assume. */
async function startWithRole() {
  const server = await startStore();
  const credentials = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  const iam = new IAMClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });
  const document = (statement: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
  const Principal = { AWS: 'arn:aws:iam::000000000000:root' };
  const RoleName = 'platform';
  const AssumeRolePolicyDocument = document({ Principal, Action: 'sts:AssumeRole' });
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, MaxSessionDuration: 43_200 }));
  const PolicyDocument = document({
    Action: 's3:*',
    Resource: ['arn:aws:s3:::data-products', 'arn:aws:s3:::data-products/*'],
  });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'all', PolicyDocument }));
  return { ...server, iam, name: 'MiniStack' };
}

type StageWorld = Pick<World, 'workspaceFile' | 'store'>;

const entries = (world: StageWorld, home: string, wanted: (text: string) => boolean = () => true) =>
  eventually(`the expected .env of ${home}`, async () => {
    const text = await world.workspaceFile(home, '.env');
    return text !== null && wanted(text) ? entriesOf(text) : null;
  });

const as = (
  world: StageWorld,
  {
    S3_ACCESS_KEY: id = '',
    S3_SECRET_KEY: secret = '',
    S3_SESSION_TOKEN: token,
  }: Readonly<Record<string, string>>,
) => statusAs(world.store.endpoint, 'data-products', { id, secret, token });

const [producerHome, consumerHome] = ['producer', 'consumer'] as HomeName[] as [HomeName, HomeName];

const Conditions = z.object({ conditions: z.array(z.object({ reason: z.string() })) });

test('products get sessions of it instead of their own roles, new ones when access changes, and no principal is left', async () => {
  await using world = await createWorldOn(startWithRole, {
    PROV_CREDENTIALS: 'sessions',
    PROV_SESSION_LIFETIME: '15m',
    PROV_KEY_GRACE: '1s',
    // It makes no difference: what a session may do can be changed by another session only.
    PROV_ROTATE_ON_ACCESS_CHANGE: 'false',
  });
  const user = new PortalUser(world.portal.url);
  const producer = await user.createProduct('Producer', 'producer');
  const consumer = await user.createProduct('Consumer', 'consumer');
  const port = await user.createPort(producer, 'port');
  await entries(world, 'producer');
  const ofItsOwnRole = await entries(world, 'consumer');
  await world.restart({ PROV_AWS_ROLE_ARN: roleArn });
  const { S3_SESSION_TOKEN: own = 'none' } = ofItsOwnRole;
  const before = await entries(world, 'consumer', (text) => !text.includes(own));
  await eventually(
    'the end of the one before',
    async () => (await as(world, ofItsOwnRole).get(consumerHome)) !== 200,
  );
  expect([await as(world, before).put(consumerHome), await as(world, before).get(producerHome)]).toEqual([
    200, 403,
  ]);

  await user.requestAccess(consumer, port);
  await user.decide(producer, port, consumer, 'approve');
  const granted = await entries(world, 'consumer', (text) => text.includes('/producer/output/'));
  expect([await as(world, granted).get(producerHome), await as(world, granted).put(producerHome)]).toEqual([
    200, 403,
  ]);
  const url = `${world.daemon().url}/api/v1/products/${consumer}`;
  await eventually('the notice that access ends late', async () => {
    const { conditions } = Conditions.parse(await (await fetch(url)).json());
    return conditions.some(({ reason }) => reason === 'AccessEndsLate');
  });
  expect(world.lines.some((line) => line.includes('sessions keep access that was taken away'))).toBe(true);

  await user.decide(producer, port, consumer, 'revoke');
  const revoked = await entries(world, 'consumer', (text) => !text.includes('/producer/output/'));
  expect([await as(world, revoked).put(consumerHome), await as(world, revoked).get(producerHome)]).toEqual([
    200, 403,
  ]);

  await eventually('the end of every role of a product', async () => {
    const { Roles = [] } = await world.store.iam.send(new ListRolesCommand({}));
    return !Roles.some(({ RoleName }) => RoleName?.startsWith('dp-'));
  });
});

test('sessions that a workspace fetches have the policy that was proven last', async () => {
  const port = await freePort();
  await using world = await createWorldOn(startWithRole, {
    PROV_CREDENTIALS: 'sessions',
    PROV_AWS_ROLE_ARN: roleArn,
    PROV_CREDENTIALS_URL: `http://127.0.0.1:${port}`,
    PROV_PORT: String(port),
  });
  const user = new PortalUser(world.portal.url);
  const producer = await user.createProduct('Producer', 'producer');
  const consumer = await user.createProduct('Consumer', 'consumer');
  const output = await user.createPort(producer, 'port');
  const Session = z.object({ AccessKeyId: z.string(), SecretAccessKey: z.string(), Token: z.string() });
  const fetched = async () => {
    const authorization = (await world.workspaceFile('consumer', '.credentials-token')) ?? '';
    const answer = await fetch(`${world.daemon().url}/credentials/${consumer}`, {
      headers: { authorization },
    });
    const { data } = Session.safeParse(await answer.json());
    if (data === undefined) return null;
    const { AccessKeyId: id, SecretAccessKey: secret, Token: token } = data;
    return statusAs(world.store.endpoint, 'data-products', { id, secret, token });
  };
  const opening = (what: string, input: number) =>
    eventually(what, async () => {
      const access = await fetched();
      return access !== null && (await access.get(producerHome)) === input ? access : null;
    });
  await entries(world, 'producer');
  expect(await (await opening('a session', 403)).put(consumerHome)).toBe(200);
  await user.requestAccess(consumer, output);
  await user.decide(producer, output, consumer, 'approve');
  expect(await (await opening('the access', 200)).put(producerHome)).toBe(403);
  await user.decide(producer, output, consumer, 'revoke');
  await opening('its end', 403);
});

test('a policy of the size that it says has room in a session, and a bigger one has not', async () => {
  await using server = await startWithRole();
  const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = server;
  const place = { stsEndpoint: endpoint, region: 'us-east-1', accessKeyId, secretAccessKey };
  const issuer = new PlatformRoleIssuer({ ...place, roleArn, seconds: 900 });
  const principal = principalNameOf(ProductId.parse(randomUUID()));
  const inputs: HomeName[] = [];
  const policy = () => assemblePolicy('data-products', consumerHome, inputs);
  while (policySize(policy()) <= issuer.kind.limits.policySize)
    inputs.push(`input-${inputs.length}` as HomeName);
  await expect(issuer.createKey(principal, null, policy())).rejects.toMatchObject({ code: 'STORE_REJECTED' });
  inputs.pop();
  const { name, session } = await issuer.createKey(principal, null, policy());
  expect(session).not.toBeNull();
  // STS takes names of up to 64 characters (AWS documentation).
  expect(`${principal}-${name}`.length).toBeLessThanOrEqual(64);
});
