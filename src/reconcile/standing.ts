/** What a product that is in order stands on: when this is the same as last time, nobody has to look. Pure. */
import { createHash } from 'node:crypto';
import type { IssuerKind } from '../identity/issuer.ts';
import { canaryHome } from '../model/home.ts';
import { ProductId } from '../model/ids.ts';
import type { HomeSettings } from './desired.ts';

/** Any product: where its secret would lie tells where all do. */
const anybody = ProductId.parse('00000000-0000-0000-0000-000000000000');

/** Digest of everything of ours that every home is made from: a changed template or setting reaches them all. */
export function groundOf(settings: HomeSettings, credentials: IssuerKind['credentials']): string {
  const { catalogue, secretReference, ...plain } = settings;
  const reference = secretReference(anybody, canaryHome);
  const templates = [...catalogue.choices, ['', catalogue.fallback] as const].map(
    ([name, { template, parameters }]) => [name, template.digest, parameters],
  );
  return createHash('sha256')
    .update(JSON.stringify([plain, templates, catalogue.rules, reference, credentials]))
    .digest('hex');
}

/** @param fingerprint what the portal's lists say of the product */
export function standingOf(fingerprint: string, ground: string): string {
  return createHash('sha256').update(fingerprint).update(ground).digest('hex');
}
