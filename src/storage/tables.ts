/** What lies directly below an output prefix, made of a listing: pure. */

/** An object as a listing tells it. */
export interface ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Changes with the content. */
  readonly etag: string;
  readonly modifiedMs: number;
}

/** A folder below an output prefix. */
export interface FoundTable {
  readonly name: string;
  /** Its newest data file; `null`: none was seen. */
  readonly newest: ListedObject | null;
}

/** Folder names that are passed on: object keys are anybody's text, and these reach rendered files. */
const tableName = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

export function isTableName(name: string): boolean {
  return tableName.test(name);
}

/** Groups the objects below `prefix` by folder. Files that readers skip (`.` or `_` first) and deeper ones are no data. */
export function tablesOf(prefix: string, objects: readonly ListedObject[]): readonly FoundTable[] {
  const tables = new Map<string, ListedObject | null>();
  for (const object of objects) {
    const [name = '', file, ...deeper] = object.key.slice(prefix.length).split('/');
    if (file === undefined || !isTableName(name)) continue;
    const before = tables.get(name) ?? null;
    const isData = deeper.length === 0 && /^[^._]/.test(file);
    const newer = isData && (before === null || object.modifiedMs > before.modifiedMs);
    tables.set(name, newer ? object : before);
  }
  return [...tables].map(([name, newest]) => ({ name, newest }));
}
