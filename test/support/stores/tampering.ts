/** What somebody else did to a product's principal: keys made beside ours, rights added, a group switched off. */
import { randomBytes } from 'node:crypto';
import { CreateAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import type { PrincipalName } from '../../../src/identity/issuer.ts';
import { payloadSealer } from '../../../src/identity/issuers/minio/payload.ts';
import { signedExchange } from '../../../src/signing/signed-exchange.ts';
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
  const body = await payloadSealer(server.secretKey)(JSON.stringify(account));
  await putAsRoot(server, 'add-service-account', {}, body);
  return key;
}

/** MinIO, RustFS: a group that somebody switched off. */
export function switchOff(server: StoreServer, principal: PrincipalName): Promise<void> {
  return putAsRoot(server, 'set-group-status', { group: principal, status: 'disabled' });
}

/** MinIO, RustFS: a policy that somebody attached to a user itself. */
export function attachToUser(server: StoreServer, user: string, policy: string): Promise<void> {
  const query = { policyName: policy, userOrGroup: user, isGroup: 'false' };
  return putAsRoot(server, 'set-user-or-group-policy', query);
}

async function putAsRoot(
  { endpoint, accessKey, secretKey }: StoreServer,
  path: string,
  query: Readonly<Record<string, string>>,
  body?: Buffer,
): Promise<void> {
  const root = { endpoint, region: 'us-east-1', accessKeyId: accessKey, secretAccessKey: secretKey };
  const request = { method: 'PUT', query, ...(body === undefined ? {} : { body }) } as const;
  await signedExchange(root)({ ...request, path: `/minio/admin/v3/${path}` });
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
