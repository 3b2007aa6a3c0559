/**
 * A product's data contract (Open Data Contract Standard 3, `datacontract.yaml`), as far as it tells which tables there
 * are and of which columns. People write it: what can not be understood tells nothing, and is never an error.
 */
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { type PublishedTable, publishedTable, sqlTypeOf } from '../model/published.ts';
import { withSmallFile } from './tree.ts';

/** Where the templates put it. */
const contractFile = 'datacontract.yaml';
/** A larger one is not read: parsing blocks. */
const contractBytes = 128 * 1024;

/** A data contract as found. */
export interface Contract {
  /** Changes with the file; empty when there is none. */
  readonly stamp: string;
  /** By their names in the store; `null`: there is no contract, or none that can be understood. */
  readonly tables: ReadonlyMap<string, PublishedTable> | null;
}

/**
 * The contract of a workspace.
 *
 * @param known what was read of the file with the same stamp before
 */
export function readContract(
  folder: string,
  known: (stamp: string) => Contract | undefined,
): Promise<Contract> {
  return withSmallFile(folder, contractFile, contractBytes, async (file) => {
    if (file === null) return { stamp: '', tables: null };
    return known(file.stamp) ?? { stamp: file.stamp, tables: parseContract(await file.read()) };
  });
}

const text = z.string().catch('');

const Property = z.object({
  name: text,
  physicalName: text,
  logicalType: text,
  physicalType: text,
  description: text,
});

const Contract = z.object({
  schema: z
    .array(
      z.object({
        name: text,
        physicalName: text,
        description: text,
        properties: z.array(Property).catch([]),
      }),
    )
    .max(1000),
});

/** @returns tables by their names in the store; `null` when the text is no such contract */
export function parseContract(source: string): ReadonlyMap<string, PublishedTable> | null {
  const contract = Contract.safeParse(parsed(source));
  if (!contract.success) return null;
  const tables = contract.data.schema.map(({ name, physicalName, description, properties }) => {
    const columns = properties.map((property) => ({
      name: property.physicalName || property.name,
      type: typeOf(property),
      description: property.description,
    }));
    return publishedTable(physicalName || name, description, columns);
  });
  return new Map(tables.map((table) => [table.name, table]));
}

function parsed(source: string): unknown {
  try {
    return parseYaml(source, { maxAliasCount: 0, logLevel: 'silent' });
  } catch {
    return null;
  }
}

/** The standard's own types, which say less than the physical one. */
const logicalTypes: Readonly<Record<string, string>> = {
  string: 'varchar',
  boolean: 'boolean',
  integer: 'bigint',
  number: 'double',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
};

function typeOf({ physicalType, logicalType }: z.infer<typeof Property>): string | null {
  const physical = sqlTypeOf(physicalType);
  if (physical !== null) return physical;
  return Object.hasOwn(logicalTypes, logicalType) ? (logicalTypes[logicalType] ?? null) : null;
}
