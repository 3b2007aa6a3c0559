/** What every issuer must do, on every kind of store and with both kinds of credentials: one suite, unchanged. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assemblePolicy, samePolicy } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import {
  type AccessKey,
  type Issuer,
  type PrincipalName,
  principalNameOf,
} from '../../src/identity/issuer.ts';
import { ProvisionerError } from '../../src/model/errors.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import type { StoreServer } from '../support/stores/server.ts';
import { eventually } from '../support/world.ts';
import { statusAs } from './access.ts';
import { issuers, servers, sessions } from './servers.ts';

const bucket = 'data-products';
const region = 'us-east-1';

describe.each(issuers)('an issuer on %s that gives %s', (_name, credentials, start) => {
  let server: StoreServer;
  let issuer: Issuer;
  let objects: S3ObjectStore;

  const finder = (changes: Partial<Parameters<typeof issuerFinder>[0]> = {}) =>
    issuerFinder({
      api: 'auto',
      endpoint: server.endpoint,
      iamEndpoint: server.iamEndpoint,
      region,
      accessKeyId: server.accessKey,
      secretAccessKey: server.secretKey,
      credentials: credentials === 'keys' ? 'keys' : sessions,
      onFound: () => undefined,
      ...changes,
    });

  beforeAll(async () => {
    server = await start();
    issuer = await finder()();
    const admin = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
    objects = new S3ObjectStore({ endpoint: server.endpoint, region, bucket, ...admin });
  });

  afterAll(async () => {
    objects?.[Symbol.dispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const look = (principal: PrincipalName, booked: readonly string[] = []) =>
    issuer.observe(principal, { booked, thorough: true });

  /** A product with a marked home and a policy; its key can be had with `createKey`. */
  async function makeProduct(inputs: readonly HomeName[] = []) {
    const id = ProductId.parse(randomUUID());
    const principal = principalNameOf(id);
    const home = `home-${id}` as HomeName;
    await objects.writeMarker(home, id);
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, assemblePolicy(bucket, home, inputs));
    const createKey = () => issuer.createKey(principal, issuer.proposeKeyId());
    return { principal, home, createKey };
  }

  const as = ({ id, secret, session }: AccessKey) =>
    statusAs(server.endpoint, bucket, { id, secret, token: session?.token });

  test('finds nothing where nothing was made', async () => {
    const principal = principalNameOf(ProductId.parse(randomUUID()));
    expect(await look(principal, ['AKIANOSUCHKEY2345678'])).toEqual({
      exists: false,
      policy: null,
      keys: [],
    });
  });

  test('shows what was made: principal, policy, key', async () => {
    const { principal, home, createKey } = await makeProduct();
    const key = await createKey();
    const found = await look(principal);
    expect(found.exists).toBe(true);
    expect(found.keys).toEqual([{ id: key.name, active: true }]);
    expect(samePolicy(assemblePolicy(bucket, home, []), found.policy)).toBe(true);
    expect(key.secret).toMatch(/^[\w+/=-]{40,}$/);
    expect(key.session === null).toBe(credentials === 'keys');
  });

  test('makes no key for a principal that is gone, and leaves nothing of it', async () => {
    const { principal } = await makeProduct();
    await issuer.deletePrincipal(principal);
    const name = issuer.proposeKeyId();
    // AWS's stores can not tell it from one that is not there yet.
    await expect(issuer.createKey(principal, name)).rejects.toThrow(ProvisionerError);
    expect(await look(principal, name === null ? [] : [name])).toEqual({
      exists: false,
      policy: null,
      keys: [],
    });
  });

  test('makes keys that open their own home and no other', async () => {
    const [mine, other] = await Promise.all([makeProduct(), makeProduct()]);
    const access = as(await mine.createKey());
    await eventually('the key to work', async () => (await access.get(mine.home)) === 200);
    expect(await access.put(mine.home)).toBe(200);
    expect([await access.get(other.home), await access.put(other.home)]).toEqual([403, 403]);
  });

  test('lets a policy be put again and changed under a key that is in use', async () => {
    const provider = await makeProduct();
    const { principal, home, createKey } = await makeProduct();
    const access = as(await createKey());
    const wider = assemblePolicy(bucket, home, [provider.home]);
    await issuer.putPolicy(principal, wider);
    await issuer.putPolicy(principal, wider);
    await eventually('the input to open', async () => (await access.get(provider.home)) === 200);
    expect(await access.put(provider.home)).toBe(403);
    await issuer.putPolicy(principal, assemblePolicy(bucket, home, []));
    await eventually('the input to close', async () => (await access.get(provider.home)) === 403);
  });

  test('has room for a second key beside the first, and ends one without the other', async () => {
    const { principal, home, createKey } = await makeProduct();
    const [first, second] = [await createKey(), await createKey()];
    await eventually('both to work', async () => {
      return (await as(first).get(home)) === 200 && (await as(second).get(home)) === 200;
    });
    await issuer.deleteKey(principal, first.name);
    await issuer.deleteKey(principal, first.name);
    await eventually('the first to end', async () => (await as(first).get(home)) === 403);
    expect(await as(second).get(home)).toBe(200);
    expect((await look(principal, [first.name])).keys).toEqual([{ id: second.name, active: true }]);
  });

  test('switches one key off and not the other, and says which', async () => {
    const { principal, home, createKey } = await makeProduct();
    const [first, second] = [await createKey(), await createKey()];
    await eventually('both to work', async () => {
      return (await as(first).get(home)) === 200 && (await as(second).get(home)) === 200;
    });
    await issuer.disableKey(principal, first.name);
    await issuer.disableKey(principal, first.name);
    await eventually('the first to be off', async () => (await as(first).get(home)) === 403);
    expect(await as(second).get(home)).toBe(200);
    const { keys } = await look(principal, [first.name, second.name]);
    expect(keys).toContainEqual({ id: first.name, active: false });
    expect(keys).toContainEqual({ id: second.name, active: true });
    await issuer.deleteKey(principal, first.name);
    await issuer.disableKey(principal, first.name);
    expect((await look(principal, [first.name])).keys).toEqual([{ id: second.name, active: true }]);
  });

  test('can be told everything twice', async () => {
    const { principal, home, createKey } = await makeProduct();
    const key = await createKey();
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, assemblePolicy(bucket, home, []));
    expect((await look(principal)).keys).toEqual([{ id: key.name, active: true }]);
    await issuer.deleteKey(principal, key.name);
    await issuer.deletePrincipal(principal);
    await issuer.deletePrincipal(principal);
    await issuer.deleteKey(principal, key.name);
    expect(await look(principal, [key.name])).toEqual({ exists: false, policy: null, keys: [] });
  });

  test('lists a key whose making was never noted', async () => {
    const { principal, createKey } = await makeProduct();
    const lost = await createKey();
    expect((await look(principal)).keys.map(({ id }) => id)).toEqual([lost.name]);
  });

  test('makes a principal whole that was left without its policy', async () => {
    const principal = principalNameOf(ProductId.parse(randomUUID()));
    await issuer.ensurePrincipal(principal);
    expect(await look(principal)).toEqual({ exists: true, policy: null, keys: [] });
    await issuer.putPolicy(principal, assemblePolicy(bucket, 'half' as HomeName, []));
    await issuer.deletePrincipal(principal);
    expect((await look(principal)).exists).toBe(false);
  });

  test('works on many products at once', async () => {
    const products = await Promise.all(Array.from({ length: 12 }, () => makeProduct()));
    const keys = await Promise.all(products.map(({ createKey }) => createKey()));
    const found = await Promise.all(products.map(({ principal }) => look(principal)));
    expect(found.map((each) => each.keys.map(({ id }) => id))).toEqual(keys.map(({ name }) => [name]));
  });

  test('works on one product at once, and loses nothing', async () => {
    const { principal, createKey } = await makeProduct();
    const made = await Promise.all(
      Array.from({ length: Math.min(6, issuer.kind.limits.keysPerPrincipal) }, createKey),
    );
    const ids = (await look(principal)).keys.map(({ id }) => id);
    expect(ids.toSorted()).toEqual(made.map(({ name }) => name).toSorted());
    await Promise.all(made.map(({ name }) => issuer.deleteKey(principal, name)));
    await issuer.deletePrincipal(principal);
    expect(await look(principal, ids)).toEqual({ exists: false, policy: null, keys: [] });
  });

  test('holds as large a policy as it says', async () => {
    const { principal, home } = await makeProduct();
    const inputs: HomeName[] = [];
    const size = () => JSON.stringify(assemblePolicy(bucket, home, inputs)).length;
    while (size() < Math.min(60_000, issuer.kind.limits.policySize) - 400)
      inputs.push(`input-${randomUUID()}` as HomeName);
    const policy = assemblePolicy(bucket, home, inputs);
    await issuer.putPolicy(principal, policy);
    expect(samePolicy(policy, (await look(principal)).policy)).toBe(true);
    await issuer.putPolicy(principal, assemblePolicy(bucket, home, []));
    expect(samePolicy(assemblePolicy(bucket, home, []), (await look(principal)).policy)).toBe(true);
    await issuer.deletePrincipal(principal);
    expect((await look(principal)).exists).toBe(false);
  });

  test('says that nobody answers', async () => {
    const nobody = { endpoint: 'http://127.0.0.1:9', iamEndpoint: undefined };
    await expect(finder(nobody)()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe.each(servers.filter(([name]) => name !== 'MiniStack'))(
  'the admin identity on %s',
  (_name, start) => {
    test('is named when it is refused', async () => {
      await using server = await start();
      const find = issuerFinder({
        api: 'auto',
        endpoint: server.endpoint,
        iamEndpoint: server.iamEndpoint,
        region,
        accessKeyId: server.accessKey,
        secretAccessKey: 'not-the-secret-of-this-identity',
        onFound: () => undefined,
      });
      await expect(find()).rejects.toMatchObject({
        code: 'STORE_DENIED',
        message: expect.stringContaining('S3_SECRET_KEY'),
      });
    });
  },
);
