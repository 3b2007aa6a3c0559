/** Finds a product its home: a safe name that nobody has, or had and left data in. */
import { claimHome, findProduct, type ProductRecord } from '../db/products.ts';
import { ProvisionerError } from '../model/errors.ts';
import { homeNamesFor } from '../model/home.ts';
import type { Product } from '../model/product.ts';
import type { ReconcileParts } from './parts.ts';

/**
 * The product's record, made when it has none. The name is noted before anything is made under it. A prefix whose
 * marker names another product (of an earlier database, say) is left alone.
 *
 * @throws ProvisionerError `NAMESPACE_INVALID` when every name is taken
 */
export async function claimRecord(parts: ReconcileParts, product: Product): Promise<ProductRecord> {
  const db = parts.database.sql;
  for (const home of homeNamesFor(product)) {
    const owner = await parts.store.readMarker(home);
    if (owner !== null && owner !== product.id) continue;
    const record = (await claimHome(db, product, home, parts.clock())) ?? (await findProduct(db, product.id));
    if (record !== null) return record;
  }
  throw new ProvisionerError(
    'NAMESPACE_INVALID',
    `No home can be named after ${JSON.stringify(product.namespace)}: every name is taken.`,
  );
}
