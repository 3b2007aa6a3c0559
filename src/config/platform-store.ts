/** The store that the platform file names, as settings. */
import { readPlatformFile } from './platform-file.ts';
import type { Variables } from './secret-references.ts';

const settings = {
  endpoint: 'S3_ENDPOINT',
  workspace_endpoint: 'S3_WORKSPACE_ENDPOINT',
  iam_endpoint: 'PROV_IAM_ENDPOINT',
  region: 'S3_REGION',
  bucket: 'S3_BUCKET',
  addressing: 'PROV_S3_ADDRESSING',
} as const;

/**
 * Adds what the platform file says of the store; what is set already stays.
 *
 * @throws ProvisionerError `CONFIG_INVALID` when there is a platform file that is not usable
 */
export async function withPlatformStore(env: Variables): Promise<Variables> {
  if (env.PROV_PLATFORM_FILE === undefined) return env;
  const { store } = await readPlatformFile(env.PROV_PLATFORM_FILE, env.PROV_ENVIRONMENT);
  const added = Object.entries(settings).flatMap(([key, name]) =>
    env[name] === undefined ? [[name, store[key as keyof typeof settings]]] : [],
  );
  return { ...env, ...Object.fromEntries(added) };
}
