/** What the operations work with. */
import type { Kysely } from 'kysely';
import type { Commands } from '../../control/commands.ts';
import type { Tables } from '../../db/tables.ts';
import type { StoreReport } from '../../model/store-report.ts';

export interface ApiParts {
  readonly db: Kysely<Tables>;
  readonly commands: Commands;
  /** Jobs that wait or run, and how long the oldest has waited. */
  readonly jobs: () => Promise<{
    readonly waiting: number;
    readonly running: number;
    readonly oldestMs: number;
  }>;
  /** `null` while the store’s identity API has not answered. */
  readonly store: () => StoreReport | null;
  readonly clock: () => Date;
  readonly version: string;
}
