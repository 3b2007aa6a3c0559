/** The platform team's file → the templates that there are, and the lines that every `.env` gets. */
import { resolve } from 'node:path';
import { noPlatform, readPlatformFile, type TemplatePlace } from '../config/platform-file.ts';
import type { Environment } from '../config/schema.ts';
import type { RolloutSettings } from '../reconcile/parts.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Catalogue, loadCatalogue } from '../workspace/catalogue.ts';
import { fetchTemplate } from '../workspace/template-source.ts';
import { PlatformValues } from './platform-values.ts';

export interface Platform {
  /** Who tries a new version of a template first. */
  readonly rollout: RolloutSettings;
  readonly catalogue: Catalogue;
  readonly values: PlatformValues;
}

/** @throws ProvisionerError `CONFIG_INVALID`, `TEMPLATE_INVALID` */
export async function loadPlatform(env: Environment, log: Logger | null): Promise<Platform> {
  const file = env.PROV_PLATFORM_FILE;
  const platform = file === undefined ? noPlatform : await readPlatformFile(file, env.PROV_ENVIRONMENT);
  const places = Object.entries(platform.templates);
  const folders = await Promise.all(
    places.map(
      async ([id, place]): Promise<[string, string]> => [
        id,
        await templateFolder(place, env.PROV_TEMPLATE_CACHE, log),
      ],
    ),
  );
  const catalogue = await loadCatalogue({
    fallback: resolve(env.PROV_TEMPLATE_PATH),
    folders: Object.fromEntries(folders),
    rules: platform.rules,
    parameters: platform.parameters,
  });
  const { stop_after: stopAfter, ...who } = platform.rollout;
  return {
    catalogue,
    values: await PlatformValues.read(env, platform),
    rollout: { ...who, stopAfter },
  };
}

/**
 * The folder of a template, fetched when it is in a repository.
 *
 * @throws ProvisionerError `TEMPLATE_INVALID` when it was never fetched and can not be now
 */
export async function templateFolder(
  place: TemplatePlace,
  cache: string,
  log: Logger | null,
): Promise<string> {
  if ('path' in place) return place.path;
  const { folder, commit, stale } = await fetchTemplate(place, resolve(cache));
  const facts = { repository: place.git, ref: place.ref, commit };
  if (stale) log?.warn('a template repository does not answer: its last fetched state is used', facts);
  else log?.info('fetched a template', facts);
  return folder;
}
