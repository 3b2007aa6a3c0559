/** What one product costs in the store: identity, policy, key and full proof; and a change of its key. */
import { randomUUID } from 'node:crypto';
import { assemblePolicy } from '../src/grants/policy.ts';
import { issuerFinder } from '../src/identity/find-issuer.ts';
import { principalNameOf } from '../src/identity/issuer.ts';
import type { HomeName } from '../src/model/home.ts';
import { ProductId } from '../src/model/ids.ts';
import { proveKey } from '../src/storage/proof.ts';
import { S3ObjectStore } from '../src/storage/s3.ts';
import { percentile } from './percentile.ts';
import type { BenchStore } from './stage.ts';

export interface IdentityResult {
  readonly newProductP50Ms: number;
  readonly rotationP50Ms: number;
}

const place = { region: 'us-east-1', bucket: 'data-products' };

/** Makes `count` products one by one, each with an input, and changes the key of each. */
export async function measureIdentity(store: BenchStore, count: number): Promise<IdentityResult> {
  const admin = { accessKeyId: store.accessKey, secretAccessKey: store.secretKey };
  const options = {
    api: 'auto',
    iamEndpoint: undefined,
    region: place.region,
    onFound: () => undefined,
  } as const;
  const issuer = await issuerFinder({ ...options, ...admin, endpoint: store.endpoint })();
  using objects = new S3ObjectStore({ ...place, ...admin, endpoint: store.endpoint });
  const [input, foreign] = ['identity-input' as HomeName, 'identity-foreign' as HomeName];
  for (const home of [input, foreign]) await objects.writeMarker(home, ProductId.parse(randomUUID()));
  const made: number[] = [];
  const rotated: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const id = ProductId.parse(randomUUID());
    const own = `identity-${number}` as HomeName;
    const principal = principalNameOf(id);
    await objects.writeMarker(own, id);
    const issue = async () => {
      const key = await issuer.createKey(principal, issuer.proposeKeyId());
      const proof = { store: { ...place, endpoint: store.endpoint }, timeoutMs: 10_000 };
      await proveKey(key, { own, inputs: [input], foreign: [foreign] }, proof);
      return key;
    };
    const begun = performance.now();
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, assemblePolicy(place.bucket, own, [input]));
    const first = await issue();
    made.push(performance.now() - begun);
    const again = performance.now();
    await issue();
    await issuer.deleteKey(principal, first.id);
    rotated.push(performance.now() - again);
  }
  return { newProductP50Ms: percentile(made, 50), rotationP50Ms: percentile(rotated, 50) };
}
