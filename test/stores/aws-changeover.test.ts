/** On the AWS IAM API lasting keys are users' and sessions are roles': what a change of the setting leaves is ended, too. */
import { randomUUID } from 'node:crypto';
import { GetRoleCommand, GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assemblePolicy, samePolicy } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import { type AccessKey, type Issuer, principalNameOf } from '../../src/identity/issuer.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import { eventually, startStore } from '../support/world.ts';
import { statusAs } from './access.ts';
import { sessions } from './servers.ts';

const bucket = 'data-products';
const region = 'us-east-1';
const [own, input] = ['own', 'input'] as HomeName[] as [HomeName, HomeName];

describe.each([
  ['lasting keys', 'keys', 'sessions'],
  ['sessions', 'sessions', 'keys'],
] as const)('%s of before', (_what, before, after) => {
  let server: Awaited<ReturnType<typeof startStore>>;
  let iam: IAMClient;
  let find: (kind: 'keys' | 'sessions') => Promise<Issuer>;

  beforeAll(async () => {
    server = await startStore();
    const { endpoint } = server;
    const admin = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
    iam = new IAMClient({ endpoint, region, credentials: admin });
    find = (kind) =>
      issuerFinder({
        ...admin,
        api: 'aws-iam',
        endpoint,
        iamEndpoint: undefined,
        region,
        credentials: kind === 'keys' ? 'keys' : sessions,
        onFound: () => undefined,
      })();
    using objects = new S3ObjectStore({ endpoint, region, bucket, ...admin });
    for (const home of [own, input]) await objects.writeMarker(home, ProductId.parse(randomUUID()));
  });
  afterAll(async () => {
    iam?.destroy();
    await server?.[Symbol.asyncDispose]();
  });

  const wide = assemblePolicy(bucket, own, [input]);
  const narrow = assemblePolicy(bucket, own, []);
  const as = ({ id, secret, session }: AccessKey) =>
    statusAs(server.endpoint, bucket, { id, secret, token: session?.token });

  /** A product with a key, and the issuer that gives the other kind now. */
  async function goOver() {
    const principal = principalNameOf(ProductId.parse(randomUUID()));
    const old = await find(before);
    await old.ensurePrincipal(principal);
    await old.putPolicy(principal, wide);
    const key = await old.createKey(principal, old.proposeKeyId());
    const issuer = await find(after);
    const look = (...booked: string[]) => issuer.observe(principal, { booked, thorough: true });
    return { principal, key, issuer, look };
  }

  const isThere = (name: string) => {
    const looked: Promise<object> =
      before === 'keys'
        ? iam.send(new GetUserCommand({ UserName: name }))
        : iam.send(new GetRoleCommand({ RoleName: name }));
    return looked.then(
      () => true,
      () => false,
    );
  };

  test('are seen as long as our books name them', async () => {
    const { key, look } = await goOver();
    expect((await look(key.name)).keys).toEqual([{ id: key.name, active: true }]);
    expect((await look()).keys).toEqual([]);
  });

  test('lose what the product loses', async () => {
    const { principal, key, issuer, look } = await goOver();
    expect(await as(key).get(input)).toBe(200);
    expect(samePolicy(wide, (await look(key.name)).policy)).toBe(false);
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, narrow);
    await eventually('the end of the access', async () => (await as(key).get(input)) === 403);
    expect(await as(key).get(own)).toBe(200);
    expect(samePolicy(narrow, (await look(key.name)).policy)).toBe(true);
  });

  test('are ended, and with the last of them their principal', async () => {
    const { principal, key, issuer, look } = await goOver();
    await look(key.name);
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, wide);
    const next = await issuer.createKey(principal, issuer.proposeKeyId());
    await issuer.disableKey(principal, key.name);
    await eventually('its end', async () => (await as(key).get(own)) === 403);
    await issuer.deleteKey(principal, key.name);
    await issuer.deleteKey(principal, key.name);
    expect(await isThere(principal)).toBe(false);
    expect(await as(next).get(own)).toBe(200);
    expect((await look(key.name)).keys).toEqual([{ id: next.name, active: true }]);
  });
});
