/** Brings the tables up to date. Kysely's migrator takes an advisory lock, so that two replicas can race. */
import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import * as initial from './migrations/001-initial.ts';
import * as engine from './migrations/002-engine.ts';
import * as people from './migrations/003-people.ts';
import * as notifications from './migrations/004-notifications.ts';
import * as workspaces from './migrations/005-workspaces.ts';
import * as rollouts from './migrations/006-rollouts.ts';
import * as grants from './migrations/007-grants.ts';
import * as proofs from './migrations/008-proofs.ts';
import * as writtenEnv from './migrations/009-written-env.ts';
import * as sessionNames from './migrations/010-session-names.ts';

/** In order, registered by hand: a migration that is not listed here does not exist. */
const migrations: Readonly<Record<string, Migration>> = {
  '001-initial': initial,
  '002-engine': engine,
  '005-workspaces': workspaces,
  '006-rollouts': rollouts,
  '007-grants': grants,
  '008-proofs': proofs,
  '009-written-env': writtenEnv,
  '010-session-names': sessionNames,
  '004-notifications': notifications,
  '003-people': people,
};

/**
 * Runs the migrations that are missing. Idempotent.
 *
 * @throws the database's own error; nothing of the failed migration stays.
 */
export async function migrate<T>(sql: Kysely<T>): Promise<void> {
  const { error } = await migratorOf(sql).migrateToLatest();
  if (error !== undefined) throw error;
}

/** Names of the migrations that are missing. Changes nothing. */
export async function pendingMigrations<T>(sql: Kysely<T>): Promise<readonly string[]> {
  const all = await migratorOf(sql).getMigrations();
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
}

function migratorOf<T>(sql: Kysely<T>): Migrator {
  return new Migrator({
    db: sql,
    migrationTableSchema: 'provisioner',
    provider: { getMigrations: async () => ({ ...migrations }) },
  });
}
