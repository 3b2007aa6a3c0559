/** Roles of the AWS IAM API, which products' sessions are of: young ones, old ones, and what others make of them. */
import { randomUUID } from 'node:crypto';
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  DeleteRolePolicyCommand,
  GetPolicyCommand,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assemblePolicy, samePolicy } from '../../src/grants/policy.ts';
import { principalNameOf } from '../../src/identity/issuer.ts';
import { AwsRoleIssuer } from '../../src/identity/issuers/aws-roles.ts';
import { ProvisionerError } from '../../src/model/errors.ts';
import type { RequestGate } from '../../src/model/gate.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { startStore } from '../support/world.ts';

const region = 'us-east-1';
const hour = 3600;
const policy = assemblePolicy('data-products', 'own' as HomeName, []);
const anything = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
});

let server: Awaited<ReturnType<typeof startStore>>;
let proxy: FaultProxy;
let root: IAMClient;
let boundary: string;

beforeAll(async () => {
  server = await startStore();
  proxy = await startFaultProxy(server.endpoint);
  const credentials = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  root = new IAMClient({ endpoint: server.endpoint, region, credentials });
  boundary = (await makePolicy('boundary')) ?? '';
});
afterEach(() => proxy.fail(null));
afterAll(async () => {
  root?.destroy();
  await proxy?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

async function makePolicy(PolicyName: string): Promise<string | undefined> {
  const { Policy } = await root.send(new CreatePolicyCommand({ PolicyName, PolicyDocument: anything }));
  return Policy?.Arn;
}

interface Setting {
  readonly seconds?: number;
  readonly permissionsBoundary?: string;
  readonly patienceMs?: number;
  readonly gate?: RequestGate;
}

function issuerWith({
  seconds = hour,
  permissionsBoundary = '',
  patienceMs = 10_000,
  ...gate
}: Setting = {}): AwsRoleIssuer {
  return new AwsRoleIssuer({
    endpoint: proxy.url,
    stsEndpoint: proxy.url,
    region,
    accessKeyId: server.accessKey,
    secretAccessKey: server.secretKey,
    users: {
      permissionsBoundary: permissionsBoundary === '' ? undefined : permissionsBoundary,
      path: undefined,
    },
    seconds,
    patienceMs,
    ...gate,
  });
}

async function makeProduct(issuer: AwsRoleIssuer) {
  const principal = principalNameOf(ProductId.parse(randomUUID()));
  await issuer.ensurePrincipal(principal);
  await issuer.putPolicy(principal, policy);
  const look = (by = issuer, thorough = true) => by.observe(principal, { booked: [], thorough });
  return { principal, look };
}

const refusal = (code: string) =>
  `<ErrorResponse><Error><Code>${code}</Code><Message>not now</Message></Error></ErrorResponse>`;

describe('a role that was made a moment ago', () => {
  test.each([
    ['AccessDenied', 403],
    ['ServiceUnavailable', 503],
  ])('opens its first session when STS knows it, whatever it says before: %s', async (code, status) => {
    const issuer = issuerWith();
    const { principal } = await makeProduct(issuer);
    let asked = 0;
    proxy.fail(({ body }) => {
      if (!body.includes('Action=AssumeRole')) return null;
      asked += 1;
      return asked < 4 ? { kind: 'answer', status, text: refusal(code) } : null;
    });
    expect(await issuer.createKey(principal, null)).toMatchObject({ session: {} });
    expect(asked).toBeGreaterThanOrEqual(4);
  });

  test('is given up in the store’s own words when it takes longer than it may', async () => {
    const issuer = issuerWith({ patienceMs: 300 });
    const { principal } = await makeProduct(issuer);
    proxy.fail(({ body }) => {
      if (!body.includes('Action=AssumeRole')) return null;
      return { kind: 'answer', status: 403, text: refusal('AccessDenied') };
    });
    await expect(issuer.createKey(principal, null)).rejects.toMatchObject({
      code: 'STORE_DENIED',
      message: expect.stringContaining('not now'),
    });
  });

  test('is not asked for again and again while the store is known to be away', async () => {
    let turnedAway = 0;
    let closed = false;
    const gate: RequestGate = {
      add: (send) => {
        if (!closed) return send();
        turnedAway += 1;
        throw new ProvisionerError('STORE_UNAVAILABLE', 'away', { facts: { turnedAway: true } });
      },
    };
    const issuer = issuerWith({ gate });
    const { principal } = await makeProduct(issuer);
    const { name } = await issuer.createKey(principal, null);
    closed = true;
    await expect(issuer.renewKey(principal, name)).rejects.toMatchObject({ turnedAway: true });
    expect(turnedAway).toBe(1);
  });
});

describe('a role from before a setting was changed', () => {
  const secondsOf = (ends: Date | undefined) => ((ends?.getTime() ?? 0) - Date.now()) / 1000;

  test('gives sessions as long as it may, and longer ones when it was put right', async () => {
    const { principal, look } = await makeProduct(issuerWith({ seconds: hour }));
    const longer = issuerWith({ seconds: 6 * hour });
    expect((await look(longer)).exists).toBe(false);
    const first = await longer.createKey(principal, null);
    expect(secondsOf(first.session?.expiresAt)).toBeLessThan(hour + 5);
    await longer.ensurePrincipal(principal);
    expect((await look(longer)).exists).toBe(true);
    const second = await longer.renewKey(principal, first.name);
    expect(secondsOf(second.session?.expiresAt)).toBeGreaterThan(6 * hour - 60);
  });

  test('is bounded when a boundary is set', async () => {
    const { principal, look } = await makeProduct(issuerWith());
    const bounding = issuerWith({ permissionsBoundary: boundary });
    expect((await look(bounding)).exists).toBe(false);
    await bounding.ensurePrincipal(principal);
    expect((await look(bounding)).exists).toBe(true);
    const { Role } = await root.send(new GetRoleCommand({ RoleName: principal }));
    expect(Role?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(boundary);
  });

  test('gives 12 hours at most, whatever is asked for', async () => {
    const issuer = issuerWith({ seconds: 30 * 24 * hour });
    const { principal, look } = await makeProduct(issuer);
    expect((await look()).exists).toBe(true);
    const { session } = await issuer.createKey(principal, null);
    expect(secondsOf(session?.expiresAt)).toBeLessThan(12 * hour + 5);
  });
});

/** Each way to make more of a role, and whether what was given is there still for its owner when it was taken off. */
const gifts = {
  'another inline policy': async (RoleName: string) => {
    await root.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'theirs', PolicyDocument: anything }));
  },
  'a managed policy': async (RoleName: string) => {
    const PolicyArn = await makePolicy(`theirs-${randomUUID()}`);
    await root.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    return () => root.send(new GetPolicyCommand({ PolicyArn }));
  },
  'others who may assume it': async (RoleName: string) => {
    const Statement = [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await root.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
  },
};

describe.each(Object.entries(gifts))('a role that was given %s', (_what, give) => {
  test('is seen, with what it was, and put right', async () => {
    const issuer = issuerWith();
    const { principal, look } = await makeProduct(issuer);
    expect(samePolicy(policy, (await look()).policy)).toBe(true);
    const isThere = await give(principal);
    const { policy: found } = await look();
    expect(samePolicy(policy, found)).toBe(false);
    expect(JSON.stringify(found)).toMatch(/s3:\*|theirs-|"AWS":"\*"/);
    await issuer.putPolicy(principal, policy, found);
    expect(samePolicy(policy, (await look()).policy)).toBe(true);
    await isThere?.();
  });

  test('can be deleted', async () => {
    const issuer = issuerWith();
    const { principal, look } = await makeProduct(issuer);
    await give(principal);
    await issuer.deletePrincipal(principal);
    expect(await look()).toEqual({ exists: false, policy: null, keys: [] });
  });
});

test('sessions whose list somebody took away count as not in force, until there is a list again', async () => {
  const issuer = issuerWith();
  const { principal, look } = await makeProduct(issuer);
  const { name } = await issuer.createKey(principal, null);
  expect((await look()).keys).toEqual([{ id: name, active: true }]);
  const PolicyName = 'data-product-sessions';
  await root.send(new DeleteRolePolicyCommand({ RoleName: principal, PolicyName }));
  expect((await look()).keys).toEqual([]);
  await root.send(new PutRolePolicyCommand({ RoleName: principal, PolicyName, PolicyDocument: anything }));
  expect((await look()).keys).toEqual([]);
  const restarted = issuerWith();
  const next = await restarted.createKey(principal, null);
  expect((await look()).keys).toEqual([{ id: next.name, active: true }]);
});
