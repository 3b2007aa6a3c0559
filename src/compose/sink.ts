/** Which sink the settings ask for. */
import type { Environment } from '../config/schema.ts';
import { findCurrentKey } from '../db/access-keys.ts';
import type { Database } from '../db/connection.ts';
import { findTokenDigest, noteTokenDigest } from '../db/credential-tokens.ts';
import { VaultKv, vaultOptionsOf } from '../secrets/vault-kv.ts';
import { AwsSecretsManagerSink } from '../sinks/aws-secrets-manager.ts';
import { CredentialEndpointSink, tokenFile } from '../sinks/credential-endpoint.ts';
import { KubernetesSink } from '../sinks/kubernetes.ts';
import type { SecretSink } from '../sinks/sink.ts';
import { VaultSink } from '../sinks/vault.ts';
import type { Workspaces } from '../workspace/workspace.ts';

/** `null`: secrets stay in the workspaces. */
export function createSink(env: Environment, database: Database, workspaces: Workspaces): SecretSink | null {
  const { PROV_SECRET_PREFIX: prefix, PROV_VAULT_MOUNT: mount } = env;
  if (env.PROV_CREDENTIALS_URL !== undefined) {
    return new CredentialEndpointSink({
      url: env.PROV_CREDENTIALS_URL,
      mount: env.PROV_WORKSPACE_MOUNT,
      tokens: {
        read: ({ home }) => workspaces.readGuarded(home, tokenFile),
        write: ({ home }, token) => workspaces.writeGuarded(home, tokenFile, token),
      },
      books: {
        digest: (product) => findTokenDigest(database.sql, product),
        note: (product, digest) => noteTokenDigest(database.sql, product, digest),
        current: (product) => findCurrentKey(database.sql, product),
      },
    });
  }
  switch (env.PROV_SECRET_SINK) {
    case 'env':
      return null;
    case 'vault':
      return new VaultSink({ vault: new VaultKv(vaultOptionsOf(env)), mount, prefix });
    case 'aws-sm':
      return new AwsSecretsManagerSink({
        endpoint: env.PROV_AWS_SECRETS_ENDPOINT,
        region: env.S3_REGION,
        timeoutMs: 10_000,
        prefix,
      });
    case 'kubernetes':
      return new KubernetesSink({
        api: env.PROV_KUBERNETES_API,
        namespace: env.PROV_KUBERNETES_NAMESPACE,
        tokenFile: env.PROV_KUBERNETES_TOKEN_FILE,
      });
  }
}
