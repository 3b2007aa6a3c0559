/** What a product publishes, as far as it can be told: tables with their columns. All texts are the provider's own. */

/** A column of a published table. */
export interface Column {
  /** Without control characters, at most 128 characters; still anybody's text. */
  readonly name: string;
  /** One of `sqlTypeOf`; `null`: nested, or not known. */
  readonly type: string | null;
  /** Empty when nothing is said. */
  readonly description: string;
}

/** A table below a product's output prefix. */
export interface PublishedTable {
  readonly name: string;
  readonly description: string;
  /** Every type is known, and there is one at least. */
  readonly typed: boolean;
  readonly columns: readonly Column[];
}

/** More columns than that are not passed on. */
const mostColumns = 2000;
const longestDescription = 1000;

/** Puts a table together: names that no file could hold and second columns of one name are left out. */
export function publishedTable(
  name: string,
  description: string,
  columns: readonly Column[],
): PublishedTable {
  const fitting = columns.filter((column) => /^[^\p{Cc}\p{Cs}]{1,128}$/u.test(column.name));
  // To the engines `a` and `A` are one column.
  const unique = [...new Map(fitting.toReversed().map((each) => [each.name.toLowerCase(), each])).values()];
  const kept = unique.reverse().slice(0, mostColumns);
  return {
    name,
    description: shortened(description),
    typed: kept.length > 0 && kept.length === columns.length && kept.every(({ type }) => type !== null),
    columns: kept.map((column) => ({ ...column, description: shortened(column.description) })),
  };
}

function shortened(text: string): string {
  const characters = [...text.trim()];
  return characters.length <= longestDescription
    ? characters.join('')
    : `${characters.slice(0, longestDescription).join('')}…`;
}

const sqlTypes = new Set([
  'boolean',
  'tinyint',
  'smallint',
  'integer',
  'bigint',
  'real',
  'double',
  'varchar',
  'varbinary',
  'date',
  'time',
  'timestamp',
  'timestamp with time zone',
  'uuid',
  'json',
]);

const otherNames: Readonly<Record<string, string>> = {
  bool: 'boolean',
  byte: 'tinyint',
  short: 'smallint',
  int: 'integer',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  int32: 'integer',
  int64: 'bigint',
  long: 'bigint',
  // Four bytes to some engines, eight to others.
  float: 'double',
  float4: 'real',
  float8: 'double',
  'double precision': 'double',
  string: 'varchar',
  text: 'varchar',
  char: 'varchar',
  blob: 'varbinary',
  binary: 'varbinary',
  bytea: 'varbinary',
  datetime: 'timestamp',
  timestamptz: 'timestamp with time zone',
};

/**
 * A type in the words that DuckDB and Trino both take, so that it can stand in SQL as it is; `null` for all others.
 *
 * @param text a type as people write it (`INT`, `numeric(18,2)`, `varchar(20)`)
 */
export function sqlTypeOf(text: string): string | null {
  const words = text.trim().toLowerCase().replace(/\s+/g, ' ');
  const decimal = /^(?:decimal|numeric) ?\( ?(\d{1,2}) ?(?:, ?(\d{1,2}) ?)?\)$/.exec(words);
  if (decimal !== null) {
    const [precision, scale] = [Number(decimal[1]), Number(decimal[2] ?? 0)];
    return precision >= 1 && precision <= 38 && scale <= precision ? `decimal(${precision}, ${scale})` : null;
  }
  const plain = words.replace(/^(varchar|char|timestamp|time) ?\( ?\d{1,6} ?\)/, '$1');
  const known = Object.hasOwn(otherNames, plain) ? (otherNames[plain] ?? plain) : plain;
  return sqlTypes.has(known) ? known : null;
}
