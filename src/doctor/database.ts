/** The database and what its books say. An embedded one that a daemon has open is left alone. */
import { existsSync } from 'node:fs';
import type { Environment } from '../config/schema.ts';
import { connectDatabase, type Database, isServer } from '../db/connection.ts';
import { embeddedFiles } from '../db/embedded.ts';
import { findLatestDelivery } from '../db/history.ts';
import { type HomelessProduct, listHomeless } from '../db/homeless.ts';
import { pendingMigrations } from '../db/migrate.ts';
import { listUnretired, type ProductRecord } from '../db/products.ts';
import { countOf, type DaemonReport } from './daemon.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { LastDelivery } from './portal.ts';

/** Those with a home, and those that should have one. */
interface Products {
  readonly known: readonly ProductRecord[];
  readonly homeless: readonly HomelessProduct[];
}

/** What the database said about itself and, when it could be read, about products and deliveries. */
export interface Books {
  readonly findings: readonly Finding[];
  readonly products: Products | 'unknown';
  readonly last: LastDelivery | null | 'unknown';
}

export async function examineDatabase(env: Environment, daemon: DaemonReport | null): Promise<Books> {
  const url = env.PROV_DATABASE_URL;
  if (!isServer(url)) {
    const { cluster, lock } = embeddedFiles(url);
    if (!existsSync(cluster))
      return unread(ok(`${url} is empty: the daemon makes the database at its first start`));
    if (existsSync(lock)) return unread(inUse(url, daemon));
  }
  try {
    const database = await connectDatabase(url);
    return await read(database).finally(() => database[Symbol.asyncDispose]());
  } catch (thrown) {
    const words = thrown instanceof Error ? thrown.message : String(thrown);
    const todo = isServer(url)
      ? 'Check the address, user, password and rights in PROV_DATABASE_URL, and that the server runs.'
      : 'Check rights and space of the folder. If it is damaged: start on an empty one, homes are found again (docs/operations.md, Backup).';
    return unread(fail(`it can not be opened: ${words}`, todo));
  }
}

function unread(finding: Finding): Books {
  return { findings: [finding], products: 'unknown', last: 'unknown' };
}

/** One process can have it open; a second one would destroy it. So the one that has it is asked. */
function inUse(folder: string, daemon: DaemonReport | null): Finding {
  if (daemon === null) {
    const todo =
      'If a daemon runs elsewhere on this folder, name its address with --url. If it was killed, start it: it recovers by itself.';
    return warn(`${folder} is marked as open and no daemon answers: it was not looked into`, todo);
  }
  const { ok: works = false, message = '' } = daemon.dependencies.database ?? {};
  if (works) return ok(`${folder} is in use by the running daemon, which says that it works`);
  return fail(
    `${folder} is in use by the running daemon, which says: ${message}`,
    'Restart the daemon; its log has more.',
  );
}

async function read(database: Database): Promise<Books> {
  const pending = await pendingMigrations(database.sql);
  if (pending.length > 0) {
    const seen = `it opens; migrations are missing: ${pending.join(', ')}`;
    return unread(warn(seen, 'The daemon runs them when it starts.'));
  }
  const { sql } = database;
  const [known, homeless, last] = await Promise.all([
    listUnretired(sql),
    listHomeless(sql),
    findLatestDelivery(sql),
  ]);
  const where = database.embedded ? 'the embedded database' : 'the server';
  return {
    findings: [ok(`${where} opens and its tables are up to date`)],
    products: { known, homeless },
    last,
  };
}

/** Most products that are named one by one. */
const mostNamed = 5;

/** Products that are not well, by the books or by the daemon's counts. */
export function examineProducts(
  products: Products | 'unknown',
  daemon: DaemonReport | null,
): readonly Finding[] {
  if (products === 'unknown') return examineCounts(daemon?.metrics ?? null);
  const { known, homeless } = products;
  const unwell = [
    ...homeless.map(({ id, error }) => `the product ${id} has no home yet: ${error}`),
    ...known.flatMap(({ name, conditions }) => {
      const wrong = conditions.find(({ type, status }) => type === 'Degraded' && status);
      return wrong === undefined
        ? []
        : [`${JSON.stringify(name)} is degraded (${wrong.reason}): ${wrong.message}`];
    }),
  ];
  if (unwell.length === 0) return [ok(`${known.length} products have a home, none is degraded`)];
  const named = unwell.slice(0, mostNamed).map((seen) => fail(seen, advice));
  const more = unwell.length - named.length;
  return more > 0 ? [...named, fail(`${more} more products are degraded`, advice)] : named;
}

const advice = 'The message says what is wrong; docs/errors.md has each code.';

function examineCounts(metrics: string | null): readonly Finding[] {
  if (metrics === null) return [];
  const degraded = countOf(metrics, 'provisioner_products', { condition: 'Degraded' });
  const ready = countOf(metrics, 'provisioner_products', { state: 'live', condition: 'Ready' });
  if (degraded === 0)
    return [ok(`the daemon counts ${ready} products that are ready, none that is degraded`)];
  const todo = 'The daemon’s log names each with its `code`; docs/errors.md says what to do.';
  return [fail(`the daemon counts ${degraded} degraded products`, todo)];
}
