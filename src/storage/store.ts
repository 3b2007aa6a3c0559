/** Port: what we do in the bucket with our own (admin) identity. */
import type { HomeName } from '../model/home.ts';
import type { ProductId } from '../model/ids.ts';
import type { FileColumn } from './parquet-columns.ts';
import type { FoundTable, ListedObject } from './tables.ts';

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
  /** The folders directly below a prefix (at most 1,000), each with its newest data file when one was seen. */
  listTables(prefix: string): Promise<readonly FoundTable[]>;
  /** Columns of a Parquet file, from its footer; `null` when it has none that can be told. */
  readColumns(object: ListedObject, signal: AbortSignal): Promise<readonly FileColumn[] | null>;
  /** Deletes every object below the home's prefix, the marker last. */
  purge(home: HomeName): Promise<void>;
  /** One cheap call that shows whether the store answers and takes our identity. */
  check(): Promise<void>;
}
