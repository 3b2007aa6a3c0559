/** What a store really does is found out at start, with a principal that is thrown away, and told. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PortalUser } from '../../demo/people/portal-user.ts';
import type { DemoStore } from '../../demo/store/ministack.ts';
import { assemblePolicy } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import type { AccessKey, Issuer, PrincipalName } from '../../src/identity/issuer.ts';
import { type ProbeName, probeStore } from '../../src/identity/probe.ts';
import { canaryHome, closedCanaryHome } from '../../src/model/home.ts';
import { noProduct } from '../../src/model/ids.ts';
import { isRefused, proveKey } from '../../src/storage/proof.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import { type Asked, type Fault, startFaultProxy } from '../support/fault-proxy.ts';
import { startMinio } from '../support/stores/minio.ts';
import { startVersitygw } from '../support/stores/versitygw.ts';
import { createWorldOn, eventually, startStore } from '../support/world.ts';
import { objectsBelow } from './access.ts';
import { servers } from './servers.ts';

const region = 'us-east-1';
const bucket = 'data-products';
const Report = z.object({ capabilities: z.object({}).loose() }).loose();
const Answer = z.object({ identity: Report });
const Health = z.object({ dependencies: z.object({ identity: z.object({ facts: Report }) }) });

test.each(servers)(
  'on %s it is told, and nothing stays but two prefixes of nobody’s',
  async (name, start) => {
    await using world = await createWorldOn(start);
    const { endpoint, iamEndpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = world.store;
    const ask = async (path: string): Promise<unknown> =>
      (await fetch(`${world.daemon().url}${path}`)).json();
    const report = await eventually('what was seen', async () => {
      return Answer.safeParse(await ask('/api/v1/store')).data?.identity;
    });
    expect(report).toMatchObject({
      store: name === 'MiniStack' ? `AWS IAM API at ${new URL(endpoint).host}` : name,
      credentials: 'keys',
      capabilities: {
        policies: 'enforced',
        secondKey: true,
        switchOff: true,
        // MinIO can not deny it; such a token has the key's policy and ends with the key.
        selfService: name === 'MinIO' ? ['session tokens'] : [],
        sessions: name !== 'versitygw',
      },
      limitations: [],
    });
    // Health keeps its findings for a moment.
    const health = await eventually('the same at /health/ready', async () => {
      return Health.safeParse(await ask('/health/ready')).data?.dependencies.identity.facts;
    });
    expect(health).toEqual(report);
    const options = { endpoint, iamEndpoint, region, accessKeyId, secretAccessKey };
    const issuer = await issuerFinder({ api: 'auto', ...options, onFound: () => undefined })();
    const left = await issuer.observe('dp-probe' as PrincipalName, { booked: [], thorough: true });
    expect(left).toEqual({ exists: false, policy: null, keys: [] });
    expect((await objectsBelow(world.store, 'provisioner-canary')).toSorted()).toEqual([
      'provisioner-canary-closed/.keep',
      'provisioner-canary/.keep',
    ]);
  },
);

/** A MinIO with what a probe stands on, and a probe that sees each key before its proof. */
async function stage() {
  const server = await startMinio();
  const store = { endpoint: server.endpoint, region, bucket };
  const admin = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  using objects = new S3ObjectStore({ ...store, ...admin });
  for (const home of [canaryHome, closedCanaryHome]) await objects.writeMarker(home, noProduct);
  const find = issuerFinder({
    ...store,
    ...admin,
    api: 'minio',
    iamEndpoint: undefined,
    onFound: () => undefined,
  });
  const issuer = await find();
  const claim = { own: canaryHome, inputs: [], foreign: [closedCanaryHome] };
  const probe = (principal: ProbeName, before: (issuer: Issuer, key: AccessKey) => Promise<unknown>) =>
    probeStore(issuer, {
      principal,
      policy: assemblePolicy(bucket, canaryHome, []),
      prove: async (key) => {
        await before(issuer, key);
        await proveKey(key, claim, { store, timeoutMs: 300 });
      },
      isRefused: (key) => isRefused(key, canaryHome, { store, timeoutMs: 300 }),
      askForToken: async () => 'none',
    });
  return { server, probe };
}

const enforced = { policies: 'enforced', secondKey: true, switchOff: true, selfService: [], sessions: false };

test('the daemon and a doctor beside it may probe at the same moment', async () => {
  const { server, probe } = await stage();
  await using _ = server;
  // Neither goes on before both have a key.
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const meet = (index: 0 | 1) => () => {
    begun[index].resolve();
    return Promise.all(begun.map(({ promise }) => promise));
  };
  const verdicts = await Promise.all([probe('dp-probe', meet(0)), probe('dp-probe-doctor', meet(1))]);
  expect(verdicts).toEqual([enforced, enforced]);
});

test('a probe that was disturbed is a probe to be made again, and no word about the store', async () => {
  const { server, probe } = await stage();
  await using _ = server;
  const disturbed = probe('dp-probe', (issuer, { id }) =>
    issuer.deleteKey('dp-probe' as string as PrincipalName, id),
  );
  await expect(disturbed).rejects.toMatchObject({ code: 'PROOF_FAILED', retryable: true });
});

const isOfProduct = ({ accessKey }: DemoStore, { headers: { authorization = '' } }: Asked) =>
  authorization.includes('Credential=') && !authorization.includes(`Credential=${accessKey}/`);
const nothingFound = '<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>';

/** Stores that do less than they should, and what a product there is told. */
const lax: Readonly<
  Record<string, { faultOf: (server: DemoStore) => Fault; reason: string; words: RegExp }>
> = {
  'lets in a key that is switched off': {
    faultOf:
      () =>
      ({ body }) =>
        body.includes('Action=UpdateAccessKey')
          ? { kind: 'answer', status: 200, text: '<UpdateAccessKeyResponse/>' }
          : null,
    reason: 'StoreLimited',
    words: /^The store \(AWS IAM API at [\w.:]+\) does not give every guarantee\. A key that is switched off/,
  },
  'lists whatever it is asked for': {
    faultOf: (server) => (asked) =>
      isOfProduct(server, asked) && asked.path.includes('list-type=2')
        ? { kind: 'rewrite', as: (answer) => (answer.status === 403 ? listed : answer) }
        : null,
    reason: 'ProofFailed',
    words: /can list the foreign prefix .* \(Store: AWS IAM API at [\w.:]+\.\)/,
  },
};
const listed = { status: 200, text: nothingFound };

const Conditions = z.object({ conditions: z.array(z.object({ reason: z.string(), message: z.string() })) });

test.each(Object.entries(lax))(
  'a store that %s is told by name: in the log, and to each product',
  async (_what, { faultOf, reason, words }) => {
    const start = async () => {
      const server = await startStore();
      const proxy = await startFaultProxy(server.endpoint);
      proxy.fail(faultOf(server));
      const end = async () => {
        await proxy[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      };
      return { ...server, endpoint: proxy.url, [Symbol.asyncDispose]: end };
    };
    await using world = await createWorldOn(start, {
      PROV_PROOF_TIMEOUT: '500ms',
      PROV_DRIFT_INTERVAL: '1s',
    });
    const product = await new PortalUser(world.portal.url).createProduct('Product', 'product');
    const told = await eventually('the condition', async () => {
      const answer = await fetch(`${world.daemon().url}/api/v1/products/${product}`);
      const { conditions = [] } = Conditions.safeParse(await answer.json()).data ?? {};
      return conditions.find((condition) => condition.reason === reason);
    });
    expect(told.message).toMatch(words);
    await eventually('the log', () =>
      world.lines.some((line) => line.includes('the store does not give every guarantee')),
    );
  },
);

test('where a store gives no sessions, it is said at start', async () => {
  await using server = await startVersitygw();
  const { endpoint, iamEndpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = server;
  const credentials = { seconds: 900, patienceMs: 0 };
  const place = { endpoint, iamEndpoint, region, accessKeyId, secretAccessKey, credentials };
  await expect(issuerFinder({ api: 'auto', ...place, onFound: () => undefined })()).rejects.toMatchObject({
    code: 'STORE_REJECTED',
    message: expect.stringMatching(/^The store \(versitygw\) gives no sessions: set PROV_CREDENTIALS=keys/),
  });
});
