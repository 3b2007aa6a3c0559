/** Port: what we do in the bucket with our own (admin) identity. */
import type { HomeName } from '../model/home.ts';
import type { ProductId } from '../model/ids.ts';

/**
 * Methods throw `ProvisionerError` with `STORE_UNAVAILABLE`, `STORE_DENIED` or `STORE_REJECTED`. All are idempotent.
 */
export interface ObjectStore {
  /** Whose home the prefix is, by its marker; `null` = no marker. Changes nothing. */
  readMarker(home: HomeName): Promise<ProductId | 'unknown' | null>;
  /** Makes the bucket when it is missing. */
  writeMarker(home: HomeName, product: ProductId): Promise<void>;
  /** Where a product's home is, noted for the case that its namespace does not tell; `null`: not noted. */
  readPointer(product: ProductId): Promise<HomeName | null>;
  writePointer(product: ProductId, home: HomeName): Promise<void>;
  /** Names of the folders directly below a prefix (at most 1,000), for example the tables of an output root. */
  listFolders(prefix: string): Promise<readonly string[]>;
  /** Deletes every object below the home's prefix, the marker last. */
  purge(home: HomeName): Promise<void>;
  /** One cheap call that shows whether the store answers and takes our identity. */
  check(): Promise<void>;
}
