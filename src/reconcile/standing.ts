/** What a product that is in order stands on: when this is the same as last time, nobody has to look. Pure. */
import { createHash } from 'node:crypto';
import type { HomeSettings } from './desired.ts';

/** Digest of everything of ours that every home is made from: a changed template or setting reaches them all. */
export function groundOf(settings: HomeSettings): string {
  const { catalogue, secretReference: _reference, ...plain } = settings;
  const templates = [...catalogue.choices, ['', catalogue.fallback] as const].map(
    ([name, { template, parameters }]) => [name, template.digest, parameters],
  );
  return createHash('sha256')
    .update(JSON.stringify([plain, templates, catalogue.rules]))
    .digest('hex');
}

/** @param fingerprint what the portal's lists say of the product */
export function standingOf(fingerprint: string, ground: string): string {
  return createHash('sha256').update(fingerprint).update(ground).digest('hex');
}
