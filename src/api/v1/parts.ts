/** What the operations work with. */
import type { Kysely } from 'kysely';
import type { Commands } from '../../control/commands.ts';
import type { Tables } from '../../db/tables.ts';

export interface ApiParts {
  readonly db: Kysely<Tables>;
  readonly commands: Commands;
  /** Jobs that wait or run, and how long the oldest has waited. */
  readonly jobs: () => Promise<{
    readonly waiting: number;
    readonly running: number;
    readonly oldestMs: number;
  }>;
  readonly clock: () => Date;
  readonly version: string;
}
