/** What a product's key is held against, with something in each prefix that can be tried. */
import { findAnotherInhabited, findInhabited, type LivingProduct } from '../db/living.ts';
import type { HomeName } from '../model/home.ts';
import { noProduct } from '../model/ids.ts';
import type { Claim } from '../storage/proof.ts';
import type { ReconcileParts } from './parts.ts';

interface Parts extends Pick<ReconcileParts, 'canary'> {
  readonly database: Pick<ReconcileParts['database'], 'sql'>;
  readonly store: Pick<ReconcileParts['store'], 'readMarker' | 'writeMarker'>;
}

/**
 * The own prefix, the inputs, and prefixes that must stay closed: one that is nobody's, and another product's. Puts back
 * a marker that somebody deleted: of what is not there AWS says "refused" to everybody who may not list the whole bucket
 * (S3 documentation, GetObject), and a proof would learn nothing, or fail for nothing.
 *
 * @throws ProvisionerError of the store
 */
export async function claimOfKey(
  { database: { sql }, store, canary }: Parts,
  own: HomeName,
  inputs: readonly HomeName[],
): Promise<Claim> {
  const [another, providers] = await Promise.all([
    findAnotherInhabited(sql, [own, ...inputs]),
    findInhabited(sql, inputs),
  ]);
  const foreign: readonly LivingProduct[] = [
    { id: noProduct, home: canary },
    ...(another === null ? [] : [another]),
  ];
  await Promise.all(
    [...providers, ...foreign].map(async ({ id, home }) => {
      if ((await store.readMarker(home)) === null) await store.writeMarker(home, id);
    }),
  );
  return { own, inputs, foreign: foreign.map(({ home }) => home) };
}
