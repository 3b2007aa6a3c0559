/** STS, as AWS, MinIO and RustFS have it. */
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { z } from 'zod';
import type { PolicyDocument } from '../grants/policy.ts';
import { gateMiddleware, insideRetries, type RequestGate } from '../model/gate.ts';
import { storeClient } from '../model/store-client.ts';
import { storeError } from '../model/store-error.ts';
import type { AccessKey } from './issuer.ts';

const Credentials = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1),
  Expiration: z.date(),
});

/** Where it is, who asks, and what requests pass. */
export interface StsPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Which single requests pass; all of them when left out. */
  readonly gate?: RequestGate | undefined;
}

export interface AssumeRoleOptions extends StsPlace {
  /** MinIO and RustFS ask for one and ignore it: the session has the rights of who asks. */
  readonly roleArn: string;
  /** It stands in the store's own log. */
  readonly sessionName: string;
  readonly seconds: number;
  /** What the session may do at most, besides what the role may. */
  readonly policy?: PolicyDocument;
}

/** @throws ProvisionerError of the store; `STORE_REJECTED` when it has no such call */
export function assumeRole(options: AssumeRoleOptions): Promise<AccessKey> {
  const { roleArn: RoleArn, sessionName: RoleSessionName, seconds: DurationSeconds, policy } = options;
  const Policy = policy === undefined ? {} : { Policy: JSON.stringify(policy) };
  return ask('open a session', options, async (client) => {
    const command = new AssumeRoleCommand({ RoleArn, RoleSessionName, DurationSeconds, ...Policy });
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials.parse(
      (await client.send(command)).Credentials,
    );
    return {
      name: RoleSessionName,
      id: AccessKeyId,
      secret: SecretAccessKey,
      session: { token: SessionToken, expiresAt: Expiration },
    };
  });
}

/** Our own ARN; AWS asks for no right to tell it. @throws ProvisionerError of the store */
export function whoWeAre(place: StsPlace): Promise<string> {
  return ask('say who we are', place, async (client) => {
    const { Arn } = await client.send(new GetCallerIdentityCommand({}));
    if (Arn === undefined) throw new Error('the answer names nobody');
    return Arn;
  });
}

async function ask<T>(
  what: string,
  { endpoint, region, accessKeyId, secretAccessKey, gate }: StsPlace,
  call: (client: STSClient) => Promise<T>,
): Promise<T> {
  const credentials = { accessKeyId, secretAccessKey };
  const client = new STSClient({ endpoint, region, credentials, ...storeClient });
  if (gate !== undefined) client.middlewareStack.addRelativeTo(gateMiddleware(gate), insideRetries);
  try {
    return await call(client);
  } catch (error) {
    throw storeError(what, error);
  } finally {
    client.destroy();
  }
}
