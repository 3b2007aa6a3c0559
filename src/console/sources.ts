/** What pages are made of. */
import type { Kysely } from 'kysely';
import type { Commands } from '../control/commands.ts';
import type { Tables } from '../db/tables.ts';
import type { HomeName } from '../model/home.ts';
import type { ProductId } from '../model/ids.ts';
import type { Input } from '../model/product.ts';
import type { StoreReport } from '../model/store-report.ts';
import type { Listing } from '../workspace/listing.ts';

export interface Sources {
  readonly db: Kysely<Tables>;
  readonly commands: Commands;
  /** What the product asked for and how the portal decided. Asks the portal: throws when it is away. */
  readonly inputsOf: (consumer: ProductId) => Promise<readonly Input[]>;
  /** One folder of a workspace; `null`: there is none. */
  readonly listFolder: (home: HomeName, path: string) => Promise<Listing | null>;
  /** Addresses of a home in the editors; empty where none is configured. */
  readonly editorsOf: (home: string) => readonly Editor[];
  /** `null` while the store’s identity API has not answered. */
  readonly store: () => StoreReport | null;
  readonly clock: () => Date;
}

export interface Editor {
  readonly name: string;
  readonly href: string;
}
