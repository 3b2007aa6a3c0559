/** What a store really does is found out at start, with a principal that is thrown away. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { assemblePolicy } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import type { AccessKey, Issuer, PrincipalName } from '../../src/identity/issuer.ts';
import { type ProbeName, probeStore } from '../../src/identity/probe.ts';
import { canaryHome, closedCanaryHome } from '../../src/model/home.ts';
import { noProduct } from '../../src/model/ids.ts';
import { proveKey } from '../../src/storage/proof.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import { startMinio } from '../support/stores/minio.ts';
import { createWorldOn, eventually } from '../support/world.ts';
import { objectsBelow } from './access.ts';
import { servers } from './servers.ts';

const Health = z.object({
  dependencies: z.object({ identity: z.object({ facts: z.object({ capabilities: z.unknown() }) }) }),
});

test.each(servers)(
  'on %s, and nothing of it stays but two prefixes that are nobody’s',
  async (_name, start) => {
    await using world = await createWorldOn(start);
    const { endpoint, iamEndpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = world.store;
    const capabilities = await eventually('what was seen', async () => {
      const answer = Health.safeParse(await (await fetch(`${world.daemon().url}/health`)).json());
      return answer.data?.dependencies.identity.facts.capabilities;
    });
    expect(capabilities).toEqual({ policies: 'enforced', secondKey: true });
    const options = { endpoint, iamEndpoint, region: 'us-east-1', accessKeyId, secretAccessKey };
    const issuer = await issuerFinder({ api: 'auto', ...options, onFound: () => undefined })();
    const left = await issuer.observe('dp-probe' as PrincipalName, { booked: [], thorough: true });
    expect(left).toEqual({ exists: false, policy: null, keys: [] });
    expect((await objectsBelow(world.store, 'provisioner-canary')).toSorted()).toEqual([
      'provisioner-canary-closed/.keep',
      'provisioner-canary/.keep',
    ]);
  },
);

const region = 'us-east-1';
const bucket = 'data-products';

/** A MinIO with what a probe stands on, and a probe that sees the key before its proof. */
async function stage() {
  const server = await startMinio();
  const place = { endpoint: server.endpoint, region, bucket };
  const admin = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  const objects = new S3ObjectStore({ ...place, ...admin });
  for (const home of [canaryHome, closedCanaryHome]) await objects.writeMarker(home, noProduct);
  objects[Symbol.dispose]();
  const find = issuerFinder({
    ...place,
    ...admin,
    api: 'minio',
    iamEndpoint: undefined,
    onFound: () => undefined,
  });
  const issuer = await find();
  const policy = assemblePolicy(bucket, canaryHome, []);
  const claim = { own: canaryHome, inputs: [], foreign: [closedCanaryHome] };
  const probe = (principal: ProbeName, before: (issuer: Issuer, key: AccessKey) => Promise<unknown>) =>
    probeStore(issuer, {
      principal,
      policy,
      prove: async (key) => {
        await before(issuer, key);
        await proveKey(key, claim, { store: place, timeoutMs: 300 });
      },
    });
  return { server, probe };
}

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
  expect(verdicts).toEqual(Array.from({ length: 2 }, () => ({ policies: 'enforced', secondKey: true })));
});

test('a probe that was disturbed is a probe to be made again, and no word about the store', async () => {
  const { server, probe } = await stage();
  await using _ = server;
  const disturbed = probe('dp-probe', (issuer, { id }) =>
    issuer.deleteKey('dp-probe' as string as PrincipalName, id),
  );
  await expect(disturbed).rejects.toMatchObject({ code: 'PROOF_FAILED', retryable: true });
});
