/** Keys that somebody else made under a product's principal. */
import { createHash, randomBytes } from 'node:crypto';
import { CreateAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import { AwsV4Signer } from 'aws4fetch';
import type { PrincipalName } from '../../../src/identity/issuer.ts';
import { sealPayload } from '../../../src/identity/issuers/minio/payload.ts';
import type { StoreServer } from './server.ts';

export interface ForeignKey {
  readonly id: string;
  readonly secret: string;
}

/** MinIO, RustFS: a service account below one of the product's keys, made by the root identity. */
export async function makeServiceAccount(server: StoreServer, user: string): Promise<ForeignKey> {
  const key = {
    id: `SVC${randomBytes(8).toString('hex').toUpperCase()}`,
    secret: randomBytes(20).toString('hex'),
  };
  const account = { targetUser: user, accessKey: key.id, secretKey: key.secret };
  const body = await sealPayload(server.secretKey, JSON.stringify(account));
  const signed = await new AwsV4Signer({
    method: 'PUT',
    url: `${server.endpoint}/minio/admin/v3/add-service-account`,
    headers: { 'x-amz-content-sha256': createHash('sha256').update(body).digest('hex') },
    service: 's3',
    region: 'us-east-1',
    accessKeyId: server.accessKey,
    secretAccessKey: server.secretKey,
  }).sign();
  const answer = await fetch(signed.url, { method: 'PUT', headers: signed.headers, body });
  if (!answer.ok) throw new Error(`no service account: ${answer.status} ${await answer.text()}`);
  return key;
}

/** AWS IAM API: one more access key of the product's user. */
export async function makeAccessKey(server: StoreServer, principal: PrincipalName): Promise<ForeignKey> {
  const iam = new IAMClient({
    endpoint: server.iamEndpoint ?? server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
  });
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: principal }));
  iam.destroy();
  return { id: AccessKey?.AccessKeyId ?? '', secret: AccessKey?.SecretAccessKey ?? '' };
}
