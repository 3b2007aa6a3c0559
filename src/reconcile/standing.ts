/** What a product that is in order stands on: when this is the same as last time, nobody has to look. Pure. */
import { createHash } from 'node:crypto';
import { canaryHome } from '../model/home.ts';
import { noProduct } from '../model/ids.ts';
import { version } from '../model/version.ts';
import type { HomeSettings } from './desired.ts';

/**
 * Digest of everything of ours that every home is made from: a changed template or setting reaches them all, and so
 * does a new version of this program.
 *
 * @param others further settings that homes depend on
 */
export function groundOf(settings: HomeSettings, others: Readonly<Record<string, unknown>>): string {
  const { catalogue, secretReference, workspaceEnv, ...plain } = settings;
  const sample = secretReference(noProduct, canaryHome);
  const templates = [...catalogue.choices, ['', catalogue.fallback] as const].map(
    ([name, { template, parameters }]) => [name, template.digest, parameters],
  );
  return createHash('sha256')
    .update(JSON.stringify([version, plain, templates, catalogue.rules, sample, workspaceEnv(), others]))
    .digest('hex');
}

/** @param fingerprint what the portal's lists say of the product */
export function standingOf(fingerprint: string, ground: string): string {
  return createHash('sha256').update(fingerprint).update(ground).digest('hex');
}
