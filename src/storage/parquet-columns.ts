/** The columns of a Parquet file, from its footer: two ranged reads at most. */
import { parquetMetadata, type SchemaElement } from 'hyparquet';
import { schemaAlone } from './parquet-schema.ts';
import { typeOfElement } from './parquet-types.ts';

/** A column at the top of a file; its type in SQL's words, `null` = nested, or no such word. */
export interface FileColumn {
  readonly name: string;
  readonly type: string | null;
}

/** Of a footer; a wide table with many row groups has some hundred KiB. */
const mostBytes = 2 * 1024 * 1024;
const firstBytes = 64 * 1024;

/** Reads bytes `from` up to, not including, `to`. */
type RangeReader = (from: number, to: number) => Promise<Uint8Array>;

/**
 * @param size of the file, in bytes
 * @returns `null` when it is no Parquet file, or one with a footer too large to be told
 * @throws what `read` throws
 */
export async function readParquetColumns(
  read: RangeReader,
  size: number,
): Promise<readonly FileColumn[] | null> {
  const footer = await readFooter(read, size);
  const schema = footer === null ? null : schemaAlone(footer);
  if (schema === null) return null;
  try {
    return topColumns(parquetMetadata(schema, { geoparquet: false }).schema);
  } catch {
    return null;
  }
}

/** Parquet format: a file ends with `<footer> <its length: 4 bytes> PAR1`. */
async function readFooter(read: RangeReader, size: number): Promise<Uint8Array | null> {
  if (size < 12) return null;
  const end = await read(Math.max(0, size - firstBytes), size);
  if (end.length < 12 || new TextDecoder('latin1').decode(end.subarray(-4)) !== 'PAR1') return null;
  const length = new DataView(end.buffer, end.byteOffset).getUint32(end.length - 8, true);
  if (length + 8 <= end.length) return end.subarray(end.length - 8 - length, -8);
  return length + 8 > Math.min(mostBytes, size) ? null : read(size - 8 - length, size - 8);
}

/** The schema is a tree, written out with each node before those below it; its first is the file itself. */
function topColumns([, ...elements]: readonly SchemaElement[]): FileColumn[] {
  const columns: FileColumn[] = [];
  let below = 0;
  for (const element of elements) {
    const children = Math.max(0, element.num_children ?? 0);
    if (below === 0) {
      const nested = children > 0 || element.repetition_type === 'REPEATED';
      columns.push({ name: element.name, type: nested ? null : typeOfElement(element) });
    }
    below = below === 0 ? children : below - 1 + children;
  }
  return columns;
}
