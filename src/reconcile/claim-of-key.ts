/** What a product's key is held against, with something in each prefix that can be tried. */
import { findAnotherInhabited, findInhabited } from '../db/living.ts';
import type { HomeName } from '../model/home.ts';
import { noProduct } from '../model/ids.ts';
import type { Claim } from '../storage/proof.ts';
import type { ReconcileParts } from './parts.ts';

interface Parts extends Pick<ReconcileParts, 'canary' | 'markers'> {
  readonly database: Pick<ReconcileParts['database'], 'sql'>;
}

/**
 * The own prefix, the inputs, and prefixes that must stay closed: one that is nobody's, another product's, and those of
 * grants that have just ended. Puts back a marker that somebody deleted: of what is not there AWS says "refused" to
 * everybody who may not list the whole bucket (S3 documentation, GetObject), and a proof would learn nothing, or fail for
 * nothing.
 *
 * @param before what it could read until now: the books on grants follow the proof
 * @throws ProvisionerError of the store
 */
export async function claimOfKey(
  { database: { sql }, markers, canary }: Parts,
  own: HomeName,
  inputs: readonly HomeName[],
  before: readonly HomeName[],
): Promise<Claim> {
  const ended = before.filter((home) => home !== own && !inputs.includes(home));
  const [another, inhabited] = await Promise.all([
    findAnotherInhabited(sql, [own, ...inputs, ...ended]),
    findInhabited(sql, [...inputs, ...ended]),
  ]);
  const others = another === null ? [] : [another];
  const owners = [{ id: noProduct, home: canary }, ...inhabited, ...others];
  await Promise.all(owners.map((owner) => markers.ensure(owner)));
  return { own, inputs, foreign: [canary, ...others.map(({ home }) => home), ...ended] };
}
