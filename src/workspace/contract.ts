/**
 * A product's data contract (Open Data Contract Standard 3, `datacontract.yaml`), as far as it tells which tables there
 * are and of which columns. People write it: what can not be understood tells nothing, and is never an error.
 */
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { type PublishedTable, publishedTable, sqlTypeOf } from '../model/published.ts';

/** Where the templates put it. */
export const contractFile = 'datacontract.yaml';
/** A larger one is not read: parsing blocks. */
export const contractBytes = 128 * 1024;

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
