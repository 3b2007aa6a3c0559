/** Session credentials by STS `AssumeRole`, as AWS, MinIO and RustFS all have it. */
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { z } from 'zod';
import type { PolicyDocument } from '../grants/policy.ts';
import { storeError } from '../model/store-error.ts';
import { storePatience } from '../model/store-patience.ts';
import type { AccessKey } from './issuer.ts';

const Credentials = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1),
  Expiration: z.date(),
});

export interface AssumeRoleOptions {
  readonly endpoint: string;
  readonly region: string;
  /** Who asks. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** MinIO and RustFS ask for one and ignore it: the session has the rights of who asks. */
  readonly roleArn: string;
  /** It stands in the store's own log. */
  readonly sessionName: string;
  readonly seconds: number;
  /** What the session may do at most, besides what the role may. */
  readonly policy?: PolicyDocument;
}

/** @throws ProvisionerError of the store; `STORE_REJECTED` when it has no such call */
export async function assumeRole(options: AssumeRoleOptions): Promise<AccessKey> {
  const { endpoint, region, accessKeyId, secretAccessKey, policy } = options;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new STSClient({ endpoint, region, credentials, requestHandler: storePatience });
  try {
    const answer = await client.send(
      new AssumeRoleCommand({
        RoleArn: options.roleArn,
        RoleSessionName: options.sessionName,
        DurationSeconds: options.seconds,
        ...(policy === undefined ? {} : { Policy: JSON.stringify(policy) }),
      }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials.parse(answer.Credentials);
    return {
      name: options.sessionName,
      id: AccessKeyId,
      secret: SecretAccessKey,
      session: { token: SessionToken, expiresAt: Expiration },
    };
  } catch (error) {
    throw storeError('open a session', error);
  } finally {
    client.destroy();
  }
}
