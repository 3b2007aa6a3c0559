/** A sample of arbitrary products and grants on a real MinIO: it answers as the independent evaluator says. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assemblePolicy } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import { principalNameOf } from '../../src/identity/issuer.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import { allows, s3Requests } from '../support/iam-evaluator.ts';
import { startMinio } from '../support/stores/minio.ts';
import { statusAs } from './access.ts';

const bucket = 'data-products';
/** Names that are prefixes of each other, which is where a wildcard would go too far. */
const homes = ['a', 'aa', 'a-b', 'a.b', 'a_b', 'a-b-c', 'b'] as HomeName[];
const situation = fc.record({ own: fc.constantFrom(...homes), inputs: fc.subarray(homes) });

test('MinIO opens for arbitrary grants what the policy means, and no more', async () => {
  await using server = await startMinio();
  const admin = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  const place = { endpoint: server.endpoint, region: 'us-east-1' };
  const issuer = await issuerFinder({
    ...place,
    ...admin,
    api: 'minio',
    iamEndpoint: undefined,
    onFound: () => undefined,
  })();
  using objects = new S3ObjectStore({ ...place, ...admin, bucket });
  for (const home of homes) await objects.writeMarker(home, ProductId.parse(randomUUID()));
  const check = async ({ own, inputs }: { own: HomeName; inputs: readonly HomeName[] }) => {
    const principal = principalNameOf(ProductId.parse(randomUUID()));
    const policy = assemblePolicy(bucket, own, inputs);
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, policy);
    const access = statusAs(
      server.endpoint,
      bucket,
      await issuer.createKey(principal, issuer.proposeKeyId()),
    );
    for (const home of homes) {
      const on = (action: string, key: string) =>
        allows(policy, s3Requests.object(action, bucket, `${home}/${key}`));
      expect(await access.get(home), `get ${home}`).toBe(on('s3:GetObject', '.keep') ? 200 : 403);
      expect(await access.put(home), `put ${home}`).toBe(on('s3:PutObject', 'written') ? 200 : 403);
      for (const prefix of [home, `${home}/`]) {
        const open = allows(policy, s3Requests.list(bucket, prefix));
        expect(await access.list(prefix), `list ${prefix}`).toBe(open ? 200 : 403);
      }
    }
  };
  await fc.assert(fc.asyncProperty(situation, check), { numRuns: 15, seed: 20 });
});
