/** Runs the acceptance matrix on any store, with a key made by our own issuer; cleans up after itself. */
import { randomBytes, randomUUID } from 'node:crypto';
import { CreateAccessKeyCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { assemblePolicy } from '../../../src/grants/policy.ts';
import { issuerFinder } from '../../../src/identity/find-issuer.ts';
import { type AccessKey, type PrincipalName, principalNameOf } from '../../../src/identity/issuer.ts';
import { AdminApi } from '../../../src/identity/issuers/minio/admin-api.ts';
import type { HomeName } from '../../../src/model/home.ts';
import { ProductId } from '../../../src/model/ids.ts';
import { httpStatusOf } from '../../../src/model/store-error.ts';
import { createS3Client, S3ObjectStore } from '../../../src/storage/s3.ts';
import { type Check, checksOn } from './checks.ts';

/** Where the store is, and our admin identity in it. */
export interface MatrixTarget {
  readonly api: 'auto' | 'minio' | 'aws-iam';
  readonly endpoint: string;
  readonly iamEndpoint?: string | undefined;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface Row extends Omit<Check, 'call'> {
  /** HTTP status. */
  readonly answer: number;
  /** The store answered as it must. */
  readonly right: boolean;
}

export interface MatrixResult {
  /** Kind of store, as found. */
  readonly store: string;
  readonly rows: readonly Row[];
}

/** @throws ProvisionerError when the admin identity can not make what the matrix stands on */
export async function runMatrix(target: MatrixTarget): Promise<MatrixResult> {
  const { endpoint, iamEndpoint, region, bucket } = target;
  const admin = { accessKeyId: target.accessKey, secretAccessKey: target.secretKey };
  const find = issuerFinder({
    ...admin,
    api: target.api,
    endpoint,
    iamEndpoint,
    region,
    onFound: () => undefined,
  });
  const issuer = await find();
  const objects = new S3ObjectStore({ endpoint, region, bucket, ...admin });
  const run = randomBytes(4).toString('hex');
  const [own, input, foreign] = ['own', 'input', 'foreign'].map(
    (name) => `matrix-${run}-${name}` as HomeName,
  );
  if (own === undefined || input === undefined || foreign === undefined)
    throw new Error('three prefixes are needed');
  const product = ProductId.parse(randomUUID());
  const principal = principalNameOf(product);
  try {
    for (const home of [own, input, foreign]) await writeFile(objects, target, home, product);
    await issuer.ensurePrincipal(principal);
    await issuer.putPolicy(principal, assemblePolicy(bucket, own, [input]));
    const key = await issuer.createKey(principal, issuer.proposeKeyId());
    const client = createS3Client({ endpoint, region, accessKeyId: key.id, secretAccessKey: key.secret }, 1);
    const isMinio = issuer.kind.store === 'MinIO' || issuer.kind.store === 'RustFS';
    const identity = isMinio ? minioIdentity(target, key) : iamIdentity(target, principal, key);
    const rows: Row[] = [];
    for (const { call, ...check } of checksOn({ client, bucket, own, input, foreign, identity })) {
      const answer = await call();
      rows.push({
        ...check,
        answer,
        right: check.allowed ? answer >= 200 && answer < 300 : isRefusal(check.area, answer),
      });
    }
    client.destroy();
    return { store: issuer.kind.store, rows };
  } finally {
    const { keys } = await issuer.observe(principal, { booked: [], thorough: true });
    for (const { id } of keys) await issuer.deleteKey(principal, id);
    await issuer.deletePrincipal(principal);
    for (const home of [own, input, foreign]) await objects.purge(home);
    objects[Symbol.dispose]();
  }
}

/** 403; a call about the bucket or an identity may also be one that the store does not have. */
function isRefusal(area: Check['area'], status: number): boolean {
  return (
    status === 403 || ((area === 'bucket' || area === 'identity') && [400, 404, 405, 501].includes(status))
  );
}

async function writeFile(objects: S3ObjectStore, target: MatrixTarget, home: HomeName, product: ProductId) {
  const { endpoint, region, bucket: Bucket, accessKey: accessKeyId, secretKey: secretAccessKey } = target;
  await objects.writeMarker(home, product);
  const client = createS3Client({ endpoint, region, accessKeyId, secretAccessKey }, 3);
  await client.send(new PutObjectCommand({ Bucket, Key: `${home}/file`, Body: new Uint8Array([1, 2, 3]) }));
  client.destroy();
}

const mayNot = (what: string, call: () => Promise<unknown>): Check => ({
  area: 'identity',
  what,
  allowed: false,
  call: () =>
    call().then(
      () => 200,
      (error: unknown) => httpStatusOf(error instanceof Error ? (error.cause ?? error) : error) ?? 0,
    ),
});

/** With the key itself at MinIO's admin API. */
function minioIdentity({ endpoint, region }: MatrixTarget, key: AccessKey): Check[] {
  const api = new AdminApi({ endpoint, region, accessKeyId: key.id, secretAccessKey: key.secret });
  const wide = assemblePolicy('*', '*' as HomeName, []);
  return [
    mayNot('replace its own secret', () => api.putUser(key.id, randomUUID(), 'enabled')),
    mayNot('make another user', () => api.putUser(`matrix-${randomUUID()}`, randomUUID(), 'enabled')),
    mayNot('list groups', () => api.listGroups()),
    mayNot('write a policy', () => api.putPolicy(`matrix-${randomUUID()}`, wide)),
    mayNot('attach a policy', () => api.attachPolicies(key.id, ['consoleAdmin'])),
  ];
}

/** With the key itself at the AWS IAM API. */
function iamIdentity(
  { endpoint, iamEndpoint, region }: MatrixTarget,
  principal: PrincipalName,
  key: AccessKey,
): Check[] {
  const credentials = { accessKeyId: key.id, secretAccessKey: key.secret };
  const client = new IAMClient({ endpoint: iamEndpoint ?? endpoint, region, credentials, maxAttempts: 1 });
  const PolicyDocument = JSON.stringify(assemblePolicy('*', '*' as HomeName, []));
  const wider = { UserName: principal, PolicyName: 'wider', PolicyDocument };
  return [
    mayNot('make another key', () => client.send(new CreateAccessKeyCommand({ UserName: principal }))),
    mayNot('write a policy', () => client.send(new PutUserPolicyCommand(wider))),
  ];
}
