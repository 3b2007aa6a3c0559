/** What a product's key is held against, with something in each prefix that can be tried. */
import { listGrantedHomes } from '../db/grants.ts';
import { findAnotherInhabited, findInhabited } from '../db/living.ts';
import type { ProductRecord } from '../db/products.ts';
import type { HomeName } from '../model/home.ts';
import { noProduct } from '../model/ids.ts';
import type { Claim } from '../storage/proof.ts';
import type { ReconcileParts } from './parts.ts';

interface Parts extends Pick<ReconcileParts, 'canary'> {
  readonly database: Pick<ReconcileParts['database'], 'sql'>;
  readonly store: Pick<ReconcileParts['store'], 'readMarker' | 'writeMarker'>;
}

/**
 * The own prefix, the inputs, and prefixes that must stay closed: one that is nobody's, another product's, and those of
 * grants that have just ended. Puts back a marker that somebody deleted: of what is not there AWS says "refused" to
 * everybody who may not list the whole bucket (S3 documentation, GetObject), and a proof would learn nothing, or fail for
 * nothing.
 *
 * @throws ProvisionerError of the store
 */
export async function claimOfKey(
  { database: { sql }, store, canary }: Parts,
  { id, home: own }: Pick<ProductRecord, 'id' | 'home'>,
  inputs: readonly HomeName[],
): Promise<Claim> {
  // The books on grants follow the proof.
  const granted = new Set((await listGrantedHomes(sql, id)).map(({ home }) => home));
  const ended = [...granted].filter((home) => home !== own && !inputs.includes(home)).sort();
  const [another, inhabited] = await Promise.all([
    findAnotherInhabited(sql, [own, ...inputs, ...ended]),
    findInhabited(sql, [...inputs, ...ended]),
  ]);
  const others = another === null ? [] : [another];
  await Promise.all(
    [{ id: noProduct, home: canary }, ...inhabited, ...others].map(async (owner) => {
      if ((await store.readMarker(owner.home)) === null) await store.writeMarker(owner.home, owner.id);
    }),
  );
  return { own, inputs, foreign: [canary, ...others.map(({ home }) => home), ...ended] };
}
