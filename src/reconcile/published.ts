/**
 * What providers publish, for those who may read it: tables as they lie in the store, with columns from the provider's
 * data contract, else from the files themselves. Asked at every run: what did not change is told from memory.
 */
import { asProvisionerError } from '../model/errors.ts';
import { type HomeName, outputPrefixOf } from '../model/home.ts';
import { type Column, type PublishedTable, publishedTable, sqlTypeOf } from '../model/published.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { FoundTable, ListedObject } from '../storage/tables.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Contract } from '../workspace/contract.ts';
import type { Workspaces } from '../workspace/workspace.ts';

export interface PublishedSources {
  readonly store: ObjectStore;
  readonly workspaces: Pick<Workspaces, 'readContract'>;
  readonly log: Logger;
}

/** Reading files for their columns ends after so long: the run goes on without, and the next one asks again. */
const readMs = 10_000;
/** Of files whose columns are remembered. */
const mostRemembered = 10_000;

export class Published {
  readonly #sources: PublishedSources;
  readonly #contracts = new Map<HomeName, Contract>();
  /** Key and ETag of a file → its columns; `null`: it tells none. */
  readonly #columns = new Map<string, readonly Column[] | null>();

  constructor(sources: PublishedSources) {
    this.#sources = sources;
  }

  /**
   * Tables of each home. What a provider wrote that can not be understood tells nothing, and never stops a consumer.
   *
   * @throws ProvisionerError `STORE_UNAVAILABLE`, `STORE_DENIED`, `STORE_REJECTED` when the tables can not be listed
   */
  async tablesOf(homes: readonly HomeName[]): Promise<ReadonlyMap<HomeName, readonly PublishedTable[]>> {
    const signal = AbortSignal.timeout(readMs);
    const found = homes.map(async (home): Promise<[HomeName, readonly PublishedTable[]]> => {
      const [tables, contract] = await Promise.all([
        this.#sources.store.listTables(outputPrefixOf(home)),
        this.#contractOf(home),
      ]);
      return [home, await Promise.all(tables.map((table) => this.#describe(table, contract, signal)))];
    });
    return new Map(await Promise.all(found));
  }

  async #contractOf(home: HomeName): Promise<Contract> {
    const before = this.#contracts.get(home);
    const contract = await this.#sources.workspaces.readContract(home, (stamp) =>
      stamp === before?.stamp ? before : undefined,
    );
    this.#contracts.set(home, contract);
    if (contract !== before && contract.stamp !== '' && contract.tables === null)
      this.#sources.log.info('a data contract can not be understood: its files are asked instead', { home });
    return contract;
  }

  async #describe(
    { name, newest }: FoundTable,
    contract: Contract,
    signal: AbortSignal,
  ): Promise<PublishedTable> {
    const promised = contract.tables?.get(name);
    if (promised !== undefined && promised.columns.length > 0) return promised;
    const columns = newest === null ? null : await this.#columnsOf(newest, signal);
    return publishedTable(name, promised?.description ?? '', columns ?? []);
  }

  async #columnsOf(file: ListedObject, signal: AbortSignal): Promise<readonly Column[] | null> {
    const id = `${file.key}\n${file.etag}`;
    const known = this.#columns.get(id);
    if (known !== undefined) return known;
    try {
      const found = await this.#sources.store.readColumns(file, signal);
      const columns = found?.map(({ name, type }) => ({
        name,
        type: type === null ? null : sqlTypeOf(type),
        description: '',
      }));
      this.#remember(id, columns ?? null);
      return columns ?? null;
    } catch (thrown) {
      const { code, message } = asProvisionerError(thrown);
      this.#sources.log.debug('a file does not tell its columns now', {
        key: file.key,
        code,
        error: message,
      });
      return null;
    }
  }

  #remember(id: string, columns: readonly Column[] | null): void {
    this.#columns.set(id, columns);
    const [oldest] = this.#columns.keys();
    if (this.#columns.size > mostRemembered && oldest !== undefined) this.#columns.delete(oldest);
  }
}
