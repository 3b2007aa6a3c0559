/** Settings → what reconciling is told of them. */
import type { Environment } from '../config/schema.ts';
import type { ReconcileSettings } from '../reconcile/parts.ts';
import { groundOf } from '../reconcile/standing.ts';
import type { SecretSink } from '../sinks/sink.ts';
import type { Platform } from './platform.ts';

export function reconcileSettings(
  env: Environment,
  platform: Platform,
  sink: SecretSink | null,
): ReconcileSettings {
  return {
    bucket: env.S3_BUCKET,
    region: env.S3_REGION,
    addressing: env.PROV_S3_ADDRESSING,
    workspaceEndpoint: env.S3_WORKSPACE_ENDPOINT ?? env.S3_ENDPOINT,
    finalizer: env.PROV_FINALIZER === '' ? null : env.PROV_FINALIZER,
    rotateOnAccessChange: env.PROV_ROTATE_ON_ACCESS_CHANGE,
    catalogue: platform.catalogue,
    history: env.PROV_WORKSPACE_GIT,
    remote: () => platform.values.remote,
    rollout: platform.rollout,
    workspaceEnv: () => platform.values.workspaceEnv,
    platformSecrets: () => platform.values.secrets,
    secretReference: (product, home) => (sink === null ? {} : sink.reference({ product, home })),
    keyGraceMs: env.PROV_KEY_GRACE,
    keyMaxAgeMs: env.PROV_KEY_MAX_AGE === 0 ? null : env.PROV_KEY_MAX_AGE,
    maxTries: env.PROV_MAX_TRIES,
    purgeOnDelete: env.PROV_ON_DELETE === 'purge',
    brake: {
      percent: env.PROV_BRAKE_PERCENT,
      minimum: env.PROV_BRAKE_MINIMUM,
      windowMs: env.PROV_BRAKE_WINDOW,
    },
  };
}

/** Digest of everything of ours that every home is made from, in this installation. */
export function groundIn(env: Environment, settings: ReconcileSettings): string {
  return groundOf(settings, {
    credentials: [env.PROV_CREDENTIALS, env.PROV_SESSION_LIFETIME, env.PROV_AWS_ROLE_ARN],
    users: [env.PROV_AWS_PERMISSIONS_BOUNDARY, env.PROV_AWS_IAM_PATH],
    owner: [env.PROV_WORKSPACE_UID, env.PROV_WORKSPACE_GID],
  });
}
