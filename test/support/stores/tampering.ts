/** What somebody else did to a product's principal: keys made beside ours, rights added, a group switched off. */
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
  await putAsRoot(
    server,
    'add-service-account',
    await sealPayload(server.secretKey, JSON.stringify(account)),
  );
  return key;
}

/** MinIO, RustFS: a group that somebody switched off. */
export function switchOff(server: StoreServer, principal: PrincipalName): Promise<void> {
  return putAsRoot(server, `set-group-status?group=${principal}&status=disabled`);
}

/** MinIO, RustFS: a policy that somebody attached to a user itself. */
export function attachToUser(server: StoreServer, user: string, policy: string): Promise<void> {
  const query = `policyName=${policy}&userOrGroup=${user}&isGroup=false`;
  return putAsRoot(server, `set-user-or-group-policy?${query}`);
}

async function putAsRoot(server: StoreServer, call: string, body?: Buffer<ArrayBuffer>): Promise<void> {
  const signed = await new AwsV4Signer({
    method: 'PUT',
    url: `${server.endpoint}/minio/admin/v3/${call}`,
    headers: {
      'x-amz-content-sha256': createHash('sha256')
        .update(body ?? '')
        .digest('hex'),
    },
    service: 's3',
    region: 'us-east-1',
    accessKeyId: server.accessKey,
    secretAccessKey: server.secretKey,
  }).sign();
  const answer = await fetch(signed.url, {
    method: 'PUT',
    headers: signed.headers,
    ...(body === undefined ? {} : { body }),
  });
  if (!answer.ok) throw new Error(`${call}: ${answer.status} ${await answer.text()}`);
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
