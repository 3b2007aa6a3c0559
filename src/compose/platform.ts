/** The platform team's file → the templates that there are, and the lines that every `.env` gets. */
import { join, resolve } from 'node:path';
import {
  noPlatform,
  type RemotePlace,
  readPlatformFile,
  type TemplatePlace,
} from '../config/platform-file.ts';
import type { Environment } from '../config/schema.ts';
import { resolveSecret } from '../config/secret-references.ts';
import { asProvisionerError, ProvisionerError } from '../model/errors.ts';
import type { RolloutSettings } from '../reconcile/parts.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Catalogue, loadCatalogue } from '../workspace/catalogue.ts';
import { loginOf, type Remote } from '../workspace/push.ts';
import { fetchTemplate } from '../workspace/template-source.ts';

export interface Platform {
  /** Who tries a new version of a template first. */
  readonly rollout: RolloutSettings;
  readonly catalogue: Catalogue;
  /** Further lines of every workspace's `.env`; may hold secrets. */
  readonly workspaceEnv: Readonly<Record<string, string>>;
  /** Where histories are pushed; `null`: nowhere. */
  readonly remote: Remote | null;
  /** What came from a secret manager. */
  readonly secrets: readonly string[];
}

/** @throws ProvisionerError `CONFIG_INVALID`, `TEMPLATE_INVALID` */
export async function loadPlatform(env: Environment, log: Logger | null): Promise<Platform> {
  const file = env.PROV_PLATFORM_FILE;
  const platform = file === undefined ? noPlatform : await readPlatformFile(file, env.PROV_ENVIRONMENT);
  const places = Object.entries(platform.templates);
  const folders = await Promise.all(
    places.map(async ([id, place]): Promise<[string, string]> => [id, await folderOf(env, place, log)]),
  );
  const catalogue = await loadCatalogue({
    fallback: resolve(env.PROV_TEMPLATE_PATH),
    folders: Object.fromEntries(folders),
    rules: platform.rules,
    parameters: platform.parameters,
  });
  const lines = await Promise.all(
    Object.entries(platform.env).map(async ([name, value]) => {
      const secret = typeof value === 'string' ? null : await secretOf(env, name, value.secret_ref);
      return { name, value: typeof value === 'string' ? value : (secret ?? ''), secret };
    }),
  );
  const { stop_after: stopAfter, ...who } = platform.rollout;
  const remote = platform.remote === null ? null : await remoteOf(env, platform.remote);
  return {
    catalogue,
    workspaceEnv: Object.fromEntries(lines.map(({ name, value }) => [name, value])),
    remote,
    rollout: { ...who, stopAfter },
    secrets: [...lines.flatMap(({ secret }) => secret ?? []), ...(remote?.login?.secrets ?? [])],
  };
}

async function remoteOf(env: Environment, { url, token, user, branch }: RemotePlace): Promise<Remote> {
  if (token === undefined) return { url, branch, login: null };
  const secret = await secretOf(env, 'workspaces.remote.token', token.secret_ref);
  return { url, branch, login: loginOf(user, secret) };
}

async function folderOf(env: Environment, place: TemplatePlace, log: Logger | null): Promise<string> {
  if ('path' in place) return place.path;
  const { folder, commit, stale } = await fetchTemplate(place, resolve(join(env.PROV_TEMPLATE_CACHE)));
  const facts = { repository: place.git, ref: place.ref, commit };
  if (stale) log?.warn('a template repository does not answer: its last fetched state is used', facts);
  else log?.info('fetched a template', facts);
  return folder;
}

async function secretOf(env: Environment, name: string, reference: string): Promise<string> {
  try {
    return await resolveSecret(env, reference);
  } catch (thrown) {
    const message = `The platform file’s ${name} is a reference that can not be resolved: ${asProvisionerError(thrown).message}`;
    throw new ProvisionerError('CONFIG_INVALID', message, { cause: thrown });
  }
}
