/** AWS Secrets Manager's client. Credentials come from the AWS SDK's usual chain: environment, profile, container, instance. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

export interface AwsSecretsPlace {
  /** Where it is when it is not AWS's own. */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** How long one try waits for an answer; the SDK by itself waits for ever. */
  readonly timeoutMs: number;
}

export function createSecretsClient({ endpoint, region, timeoutMs }: AwsSecretsPlace): SecretsManagerClient {
  return new SecretsManagerClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    requestHandler: {
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
  });
}
