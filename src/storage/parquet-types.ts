/** Types of Parquet columns in SQL's words: pure. */
import type { SchemaElement } from 'hyparquet';

/** `null`: no such word. The logical type counts where there is one, else the older converted type, else how it is stored (Parquet format). */
export function typeOfElement(element: SchemaElement): string | null {
  const { logical_type: logical, converted_type: converted, precision, scale, type } = element;
  switch (logical?.type ?? converted) {
    case 'STRING':
    case 'UTF8':
    case 'ENUM':
      return 'varchar';
    case 'JSON':
      return 'json';
    case 'UUID':
      return 'uuid';
    case 'DATE':
      return 'date';
    case 'DECIMAL':
      return `decimal(${precision ?? 0}, ${scale ?? 0})`;
    case 'TIME':
    case 'TIME_MILLIS':
    case 'TIME_MICROS':
      return 'time';
    case 'TIMESTAMP':
      return logical?.type === 'TIMESTAMP' && logical.isAdjustedToUTC
        ? 'timestamp with time zone'
        : 'timestamp';
    // The older types say nothing else, and are in UTC.
    case 'TIMESTAMP_MILLIS':
    case 'TIMESTAMP_MICROS':
      return 'timestamp with time zone';
    case 'INTEGER':
      return logical?.type === 'INTEGER' ? integer(logical.bitWidth, logical.isSigned) : null;
    case undefined:
      return type === undefined ? null : (stored[type] ?? null);
    default:
      return olderInteger(converted);
  }
}

const stored: Readonly<Partial<Record<NonNullable<SchemaElement['type']>, string>>> = {
  BOOLEAN: 'boolean',
  INT32: 'integer',
  INT64: 'bigint',
  INT96: 'timestamp',
  FLOAT: 'real',
  DOUBLE: 'double',
  BYTE_ARRAY: 'varbinary',
  FIXED_LEN_BYTE_ARRAY: 'varbinary',
};

function olderInteger(converted: string | undefined): string | null {
  const [, unsigned, bits] = /^(U?)INT_(\d+)$/.exec(converted ?? '') ?? [];
  return bits === undefined ? null : integer(Number(bits), unsigned === '');
}

/** An unsigned one needs the next larger; 64 bits of it have none. */
function integer(bits: number, signed: boolean): string | null {
  const words = ['tinyint', 'smallint', 'integer', 'bigint'];
  return words[Math.log2(bits) - 3 + (signed ? 0 : 1)] ?? null;
}
