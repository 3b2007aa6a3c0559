/** Finds a product its home: a safe name that nobody has, or had and left data in. */
import { claimHome, findProduct, findProducts, type ProductRecord } from '../db/products.ts';
import { isApproved } from '../grants/granted.ts';
import { ProvisionerError } from '../model/errors.ts';
import { homeNamesFor } from '../model/home.ts';
import type { Product } from '../model/product.ts';
import type { ReconcileParts } from './parts.ts';

/**
 * Makes records for the providers of a product that is new to us, where they are new as well: after books were lost,
 * what the product may read must not depend on who comes first.
 */
export async function claimProviders(parts: ReconcileParts, product: Product): Promise<void> {
  const nowMs = parts.clock().getTime();
  const wanted = product.inputs.filter((input) => isApproved(input, nowMs)).map((input) => input.provider);
  const known = new Set((await findProducts(parts.database.sql, [...new Set(wanted)])).map(({ id }) => id));
  const missing = [...new Set(wanted)].filter((id) => !known.has(id));
  const found = await Promise.all(missing.map((id) => parts.portal.readProduct(id)));
  for (const provider of found) {
    if (provider !== null && provider.status !== 'deleting') await claimRecord(parts, provider);
  }
}

/** A product's record, and whether its prefix has its marker, where that was seen just now. */
export type ClaimedRecord = ProductRecord & { readonly marked?: boolean };

/**
 * The product's record, made when it has none. Changes nothing outside our books. The name is noted before anything is made under it. A prefix whose
 * marker names another product (of an earlier database, say) is left alone; one that names this product is its home,
 * however it is called. A workspace that the archive keeps for it is noted, so that it comes back.
 *
 * @throws ProvisionerError `NAMESPACE_INVALID` when every name is taken
 */
export async function claimRecord(parts: ReconcileParts, product: Product): Promise<ClaimedRecord> {
  const db = parts.database.sql;
  const [first, ...others] = homeNamesFor(product);
  const [pointer, owner, archived] = await Promise.all([
    parts.store.readPointer(product.id),
    first === undefined ? null : parts.store.readMarker(first),
    parts.workspaces.archived.newestOf(product.id),
  ]);
  const names = pointer === null ? [first, ...others] : [pointer, first, ...others];
  for (const home of names.filter((name) => name !== undefined)) {
    const found = home === first ? owner : await parts.store.readMarker(home);
    if (found !== null && found !== product.id) continue;
    const claimed = await claimHome(db, { ...product, archive: archived?.name ?? null }, home, parts.clock());
    if (claimed !== null) return { ...claimed, marked: found !== null };
    const record = await findProduct(db, product.id);
    if (record !== null) return record;
  }
  throw new ProvisionerError(
    'NAMESPACE_INVALID',
    `No home can be named after ${JSON.stringify(product.namespace)}: every name is taken.`,
  );
}
