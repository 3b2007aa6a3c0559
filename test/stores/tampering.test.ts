/** What somebody changes by hand below a product's principal is seen, and made good without touching what is theirs. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assemblePolicy, type PolicyStatement, samePolicy } from '../../src/grants/policy.ts';
import { principalNameOf } from '../../src/identity/issuer.ts';
import { AdminApi } from '../../src/identity/issuers/minio/admin-api.ts';
import { MinioIssuer } from '../../src/identity/issuers/minio/minio.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import type { StoreServer } from '../support/stores/server.ts';
import { attachToUser, makeServiceAccount, switchOff } from '../support/stores/tampering.ts';
import { eventually } from '../support/world.ts';
import { statusAs } from './access.ts';
import { servers } from './servers.ts';

const bucket = 'data-products';
const region = 'us-east-1';

describe.each(servers.filter(([name]) => name === 'MinIO' || name === 'RustFS'))(
  'by hand on %s',
  (name, start) => {
    let server: StoreServer;
    let issuer: MinioIssuer;
    let root: AdminApi;
    let objects: S3ObjectStore;

    beforeAll(async () => {
      server = await start();
      const credentials = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
      const options = { endpoint: server.endpoint, region, ...credentials };
      issuer = await MinioIssuer.connect(options);
      root = new AdminApi(options);
      objects = new S3ObjectStore({ ...options, bucket });
    });

    afterAll(async () => {
      objects?.[Symbol.dispose]();
      await server?.[Symbol.asyncDispose]();
    });

    async function makeProduct() {
      const id = ProductId.parse(randomUUID());
      const principal = principalNameOf(id);
      const home = `home-${id}` as HomeName;
      const policy = assemblePolicy(bucket, home, []);
      await objects.writeMarker(home, id);
      await issuer.ensurePrincipal(principal);
      await issuer.putPolicy(principal, policy);
      const key = await issuer.createKey(principal, issuer.proposeKeyId());
      const look = () => issuer.observe(principal, { booked: [key.id], thorough: false });
      const inOrder = async () => samePolicy(policy, (await look()).policy);
      expect(await inOrder()).toBe(true);
      return { principal, home, policy, key, look, inOrder };
    }

    type Product = Awaited<ReturnType<typeof makeProduct>>;

    /** The stored document with its statements changed. */
    async function rewrite(
      { principal }: Product,
      change: (statements: PolicyStatement[]) => PolicyStatement[],
    ) {
      const stored = (await root.readPolicy(principal))?.policy as { Statement: PolicyStatement[] };
      await root.putPolicy(principal, { Version: '2012-10-17', Statement: change(stored.Statement) });
    }

    const everything: PolicyStatement = {
      Sid: 'Own',
      Effect: 'Allow',
      Action: ['s3:*'],
      Resource: ['arn:aws:s3:::*'],
    };

    test.each<[string, (statements: PolicyStatement[]) => PolicyStatement[]]>([
      ['a statement added under the name of ours', (all) => [...all, everything]],
      [
        'a listing that lost its condition',
        (all) =>
          all.map(({ Condition: _, ...rest }) =>
            rest.Sid === 'List' ? rest : { ...rest, ...conditionOf(_) },
          ),
      ],
      [
        'an action added to a statement',
        (all) =>
          all.map((each) =>
            each.Sid === 'Own' ? { ...each, Action: [...each.Action, 's3:PutObjectTagging'] } : each,
          ),
      ],
      [
        'a guard that guards nothing',
        (all) =>
          all.map((each) => (each.Effect === 'Deny' ? { ...each, Action: ['admin:ServerInfo'] } : each)),
      ],
      ['a guard that is gone', (all) => all.filter((each) => each.Effect === 'Allow')],
    ])('%s is seen', async (_what, change) => {
      const product = await makeProduct();
      await rewrite(product, change);
      expect(await product.inOrder()).toBe(false);
      await issuer.putPolicy(product.principal, product.policy);
      expect(await product.inOrder()).toBe(true);
    });

    test('a key can do nothing to itself, and without its guard it could', async () => {
      const product = await makeProduct();
      const could = () => issuer.trySelfService(product.principal, product.key);
      expect(await could()).toEqual([]);
      await rewrite(product, (all) => all.filter((each) => each.Effect === 'Allow'));
      expect(await could()).toEqual(name === 'MinIO' ? ['further keys', 'own secret'] : ['own secret']);
    });

    test('a policy of somebody else on our group is taken off and not deleted', async () => {
      const product = await makeProduct();
      const theirs = `theirs-${randomUUID()}`;
      await root.putPolicy(theirs, { Version: '2012-10-17', Statement: [everything] });
      await root.attachPolicies(product.principal, [product.principal, theirs]);
      expect(await product.inOrder()).toBe(false);
      await issuer.putPolicy(product.principal, product.policy);
      expect(await product.inOrder()).toBe(true);
      expect((await root.readGroup(product.principal))?.policies).toEqual([product.principal]);
      expect(await root.readPolicy(theirs)).not.toBeNull();
    });

    test('a group that was switched off is switched on again', async () => {
      const { principal, home, key, look } = await makeProduct();
      const access = statusAs(server.endpoint, bucket, key);
      await eventually('the key to work', async () => (await access.get(home)) === 200);
      await switchOff(server, principal);
      expect((await look()).exists).toBe(false);
      expect(await access.get(home)).toBe(403);
      await issuer.ensurePrincipal(principal);
      expect((await look()).exists).toBe(true);
      await eventually('the key to work again', async () => (await access.get(home)) === 200);
    });

    test('a key with a policy of its own, or in another group, is not in order', async () => {
      const [first, second] = [await makeProduct(), await makeProduct()];
      await attachToUser(server, first.key.id, 'readwrite');
      await root.joinGroup(`others-${randomUUID()}`, [second.key.id]);
      expect((await first.look()).keys).toEqual([{ id: first.key.id, active: false }]);
      expect((await second.look()).keys).toEqual([{ id: second.key.id, active: false }]);
    });

    test('a service account below a key is switched off without the key', async () => {
      const { principal, home, key } = await makeProduct();
      const made = await makeServiceAccount(server, key.id);
      const as = (each: typeof made) => statusAs(server.endpoint, bucket, each);
      await eventually('it to work', async () => (await as(made).get(home)) === 200);
      await issuer.disableKey(principal, made.id);
      await eventually('its end', async () => (await as(made).get(home)) === 403);
      expect(await as(key).get(home)).toBe(200);
    });

    test('a key whose making was cut off before it had its place is ended', async () => {
      const { principal } = await makeProduct();
      const id = issuer.proposeKeyId();
      await root.putUser(id, randomUUID(), 'enabled');
      const look = () => issuer.observe(principal, { booked: [id], thorough: false });
      expect((await look()).keys).toContainEqual({ id, active: false });
      await issuer.deleteKey(principal, id);
      expect((await look()).keys.map((key) => key.id)).not.toContain(id);
    });
  },
);

function conditionOf(Condition: PolicyStatement['Condition']) {
  return Condition === undefined ? {} : { Condition };
}
