/** Runs the acceptance matrix on any store, with a key made by our own issuer; cleans up after itself. */
import { randomBytes, randomUUID } from 'node:crypto';
import { CreateAccessKeyCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import pRetry from 'p-retry';
import { assemblePolicy } from '../../../src/grants/policy.ts';
import { issuerFinder } from '../../../src/identity/find-issuer.ts';
import { type AccessKey, type PrincipalName, principalNameOf } from '../../../src/identity/issuer.ts';
import { AdminApi } from '../../../src/identity/issuers/minio/admin-api.ts';
import { newKeyId } from '../../../src/identity/names.ts';
import { assumeRole } from '../../../src/identity/sts.ts';
import { ProvisionerError } from '../../../src/model/errors.ts';
import type { HomeName } from '../../../src/model/home.ts';
import { ProductId } from '../../../src/model/ids.ts';
import { httpStatusOf } from '../../../src/model/store-error.ts';
import { type ProofOptions, proveKey } from '../../../src/storage/proof.ts';
import { createS3Client, S3ObjectStore } from '../../../src/storage/s3.ts';
import { type Check, checksOn, type Ground } from './checks.ts';

/** Where the store is, and our admin identity in it. */
export interface MatrixTarget {
  readonly api: 'auto' | 'minio' | 'aws-iam';
  readonly endpoint: string;
  readonly iamEndpoint?: string | undefined;
  readonly stsEndpoint?: string | undefined;
  readonly addressing?: 'path' | 'virtual';
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface Row extends Omit<Check, 'call' | 'letIn'> {
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

/** How long a store may take until a key opens what its policy says. */
const patienceMs = 60_000;

/** @throws ProvisionerError when the admin identity can not make what the matrix stands on */
export async function runMatrix(target: MatrixTarget): Promise<MatrixResult> {
  const { endpoint, iamEndpoint, region, bucket, addressing = 'path' } = target;
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
  const place = { endpoint, region, bucket, addressing };
  const objects = new S3ObjectStore({ ...place, ...admin });
  const run = randomBytes(4).toString('hex');
  const [own, input, foreign] = (['own', 'input', 'foreign'] as const).map(
    (name) => `matrix-${run}-${name}` as HomeName,
  ) as [HomeName, HomeName, HomeName];
  const product = ProductId.parse(randomUUID());
  const principal = principalNameOf(product);
  try {
    for (const home of [own, input, foreign]) await writeFile(objects, target, home, product);
    await issuer.ensurePrincipal(principal);
    await patiently(() => issuer.putPolicy(principal, assemblePolicy(bucket, own, [input])));
    const key = await patiently(() => issuer.createKey(principal, issuer.proposeKeyId()));
    await opens(key, own, place);
    const client = createS3Client({ ...place, accessKeyId: key.id, secretAccessKey: key.secret }, 1);
    const isMinio = issuer.kind.store === 'MinIO' || issuer.kind.store === 'RustFS';
    const identity = [
      ...(isMinio ? minioIdentity(target, principal, key) : iamIdentity(target, principal, key)),
      sessionOf(target, key, foreign),
    ];
    const rows = await rowsOn({ client, bucket, own, input, foreign, identity });
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

/** Every check, one after another. */
export async function rowsOn(ground: Ground): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const check of checksOn(ground)) {
    const { area, what, allowed, call } = check;
    const answer = await call();
    const right = allowed ? answer >= 200 && answer < 300 : isRefusal(check, answer);
    rows.push({ area, what, allowed, answer, right });
  }
  return rows;
}

/** 403; a call about the bucket or an identity may also be one that the store does not have. */
function isRefusal({ area, letIn }: Check, status: number): boolean {
  if (status === 403) return true;
  const mayBeMissing = area === 'bucket' || area === 'identity';
  return mayBeMissing && status !== letIn && [400, 404, 405, 501].includes(status);
}

/** A principal that was just made may not be known everywhere. */
function patiently<T>(call: () => Promise<T>): Promise<T> {
  return pRetry(call, {
    retries: 100,
    minTimeout: 100,
    maxTimeout: 2000,
    maxRetryTime: patienceMs,
    shouldRetry: ({ error }) => error instanceof ProvisionerError && error.retryable,
  });
}

/** Until then it is refused everything, which would tell nothing. Where it never is let in, the rows tell. */
async function opens(key: AccessKey, own: HomeName, store: ProofOptions['store']): Promise<void> {
  const claim = { own, inputs: [], foreign: [] };
  await proveKey(key, claim, { store, timeoutMs: patienceMs }).catch((thrown: unknown) => {
    if (!(thrown instanceof ProvisionerError && thrown.code === 'PROOF_FAILED')) throw thrown;
  });
}

async function writeFile(objects: S3ObjectStore, target: MatrixTarget, home: HomeName, product: ProductId) {
  const { accessKey: accessKeyId, secretKey: secretAccessKey, bucket: Bucket } = target;
  await objects.writeMarker(home, product);
  const client = createS3Client({ ...target, accessKeyId, secretAccessKey }, 3);
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
function minioIdentity(
  { endpoint, region }: MatrixTarget,
  principal: PrincipalName,
  key: AccessKey,
): Check[] {
  const api = new AdminApi({ endpoint, region, accessKeyId: key.id, secretAccessKey: key.secret });
  const wide = assemblePolicy('*', '*' as HomeName, []);
  return [
    mayNot('replace its own secret', () => api.putUser(key.id, randomUUID(), 'enabled')),
    mayNot('make a service account', () => api.addServiceAccount(newKeyId(), randomUUID())),
    mayNot('make another user', () => api.putUser(`matrix-${randomUUID()}`, randomUUID(), 'enabled')),
    mayNot('list groups', () => api.listGroups()),
    mayNot('write a policy', () => api.putPolicy(`matrix-${randomUUID()}`, wide)),
    mayNot('attach a policy', () => api.attachPolicies(principal, ['consoleAdmin'])),
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

/** Where it can take one (MinIO can not deny it), that opens no more than the key does. */
function sessionOf(target: MatrixTarget, { id, secret }: AccessKey, foreign: HomeName): Check {
  const { endpoint, iamEndpoint = endpoint, stsEndpoint = iamEndpoint, region, bucket: Bucket } = target;
  return mayNot('read a foreign object with a session of its own', async () => {
    const session = await assumeRole({
      endpoint: stsEndpoint,
      region,
      accessKeyId: id,
      secretAccessKey: secret,
      roleArn: 'arn:aws:iam::000000000000:role/matrix',
      sessionName: 'matrix',
      seconds: 900,
    });
    const credentials = {
      accessKeyId: session.id,
      secretAccessKey: session.secret,
      sessionToken: session.session?.token ?? '',
    };
    const client = createS3Client({ ...target, ...credentials }, 1);
    await client.send(new GetObjectCommand({ Bucket, Key: `${foreign}/file` }));
  });
}
