/** Columns of published files, read from a real store. */
import { readFileSync } from 'node:fs';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HomeName } from '../../../src/model/home.ts';
import { ProductId } from '../../../src/model/ids.ts';
import { Published } from '../../../src/reconcile/published.ts';
import { createS3Client, S3ObjectStore } from '../../../src/storage/s3.ts';
import type { ObjectStore } from '../../../src/storage/store.ts';
import type { ListedObject } from '../../../src/storage/tables.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Redactor } from '../../../src/telemetry/redact.ts';
import { startStore } from '../../support/world.ts';

const bucket = 'data-products';
const cleanup = new AsyncDisposableStack();
let objects: S3ObjectStore;
let put: (key: string, body: Uint8Array) => Promise<unknown>;

beforeAll(async () => {
  const { endpoint, accessKey, secretKey } = cleanup.use(await startStore());
  const options = { endpoint, region: 'us-east-1', accessKeyId: accessKey, secretAccessKey: secretKey };
  objects = cleanup.use(new S3ObjectStore({ ...options, bucket }));
  const product = ProductId.parse('0b3c7f4e-0000-4000-8000-000000000001');
  await objects.writeMarker('files' as HomeName, product);
  const client = cleanup.adopt(createS3Client(options, 3), (opened) => opened.destroy());
  put = (key, Body) => client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body }));
});
afterAll(() => cleanup.disposeAsync());

async function columnsOf(table: string, body: Uint8Array) {
  await put(`files/output/${table}/data.parquet`, body);
  const found = await objects.listTables('files/output/');
  const newest = found.find(({ name }) => name === table)?.newest;
  if (newest == null) throw new Error('it is not listed');
  return objects.readColumns(newest, AbortSignal.timeout(10_000));
}

const everyType = readFileSync('test/fixtures/parquet/every-type.parquet');

test('a file of DuckDB tells names and types, in words that SQL has', async () => {
  const columns = await columnsOf('types', everyType);
  expect(Object.fromEntries((columns ?? []).map(({ name, type }) => [name, type]))).toEqual({
    flag: 'boolean',
    tiny: 'tinyint',
    small: 'smallint',
    whole: 'integer',
    large: 'bigint',
    ubyte: 'smallint',
    ucount: 'bigint',
    uhuge: null,
    half: 'real',
    precise: 'double',
    money: 'decimal(18, 2)',
    'the "name"; --': 'varchar',
    bytes: 'varbinary',
    day: 'date',
    moment: 'time',
    at: 'timestamp',
    seen: 'timestamp with time zone',
    id: 'uuid',
    doc: 'json',
    list: null,
    struct: null,
    pairs: null,
  });
});

test('a footer behind much data, and one larger than the first read, are found', async () => {
  const ahead = Buffer.concat([everyType.subarray(0, 4), Buffer.alloc(300_000), everyType.subarray(4)]);
  expect(await columnsOf('ahead', ahead)).toHaveLength(22);
  const footer = everyType.subarray(-8).readUInt32LE(0);
  // What stands behind the last field, within the length, is nobody's.
  const larger = Buffer.concat([everyType.subarray(0, -8), Buffer.alloc(100_000), Buffer.from('....PAR1')]);
  larger.writeUInt32LE(footer + 100_000, larger.length - 8);
  expect(await columnsOf('larger', larger)).toHaveLength(22);
});

test('tables behind more objects than one listing tells are found', async () => {
  const numbers = Array.from({ length: 1005 }, (_, index) => index);
  for (let from = 0; from < numbers.length; from += 50)
    await Promise.all(
      numbers.slice(from, from + 50).map((number) => put(`many/output/a/part-${number}`, Buffer.of(1))),
    );
  await put('many/output/zebra/data.parquet', everyType);
  const found = await objects.listTables('many/output/');
  expect(found.map(({ name, newest }) => [name, newest?.key.startsWith(`many/output/${name}/`)])).toEqual([
    ['a', true],
    ['zebra', true],
  ]);
});

test('a file is read once for its columns, until there is another', async () => {
  const home = 'once' as HomeName;
  const read: string[] = [];
  const counting: ObjectStore = Object.assign(Object.create(objects), {
    listTables: (prefix: string) => objects.listTables(prefix),
    readColumns: (object: ListedObject, signal: AbortSignal) => {
      read.push(object.key);
      return objects.readColumns(object, signal);
    },
  });
  const log = createLogger({ format: 'json', level: 'error', colour: false, redactor: new Redactor() });
  const workspaces = { readContract: async () => ({ stamp: '', tables: null }) };
  const published = new Published({ store: counting, workspaces, log });
  const columns = async () => (await published.tablesOf([home])).get(home)?.[0]?.columns.length;
  await put('once/output/t/data.parquet', everyType);
  expect([await columns(), await columns(), read.length]).toEqual([22, 22, 1]);
  await put('once/output/t/data.parquet', Buffer.from('no Parquet any more'));
  expect([await columns(), await columns(), read.length]).toEqual([0, 0, 2]);
});

const footed = (footer: readonly number[]) => {
  const end = Buffer.alloc(8);
  end.writeUInt32LE(footer.length, 0);
  end.write('PAR1', 4);
  return Buffer.concat([Buffer.from('PAR1'), Buffer.from(footer), end]);
};
/** Lists in lists, each of which claims thirty million entries (Thrift's compact protocol: version, then a list of lists). */
const greedy = [
  0x15,
  0x02,
  0x19,
  ...Array.from({ length: 400 }, () => [0xf9, 0x80, 0x87, 0xa7, 0x0e]).flat(),
];

test.each([
  ['is no Parquet', Buffer.from('id,name\n1,a\n')],
  ['is empty', Buffer.alloc(0)],
  ['claims a footer larger than itself', Buffer.from('PAR1....\xff\xff\xff\x00PAR1', 'latin1')],
  ['has a footer that is none', footed([0xff, 0xff, 0xff, 0xff])],
  ['claims more than fits into memory', footed(greedy)],
  ['has a number without end', footed([0x15, ...Array.from({ length: 60_000 }, () => 0x80)])],
])('a file that %s tells no columns, and those after it still do', async (_what, body) => {
  expect(await columnsOf('odd', body)).toBeNull();
  expect(await columnsOf('types', everyType)).toHaveLength(22);
});

test('what can not be read in time is an error of its own', async () => {
  const object = { key: 'files/output/types/data.parquet', size: everyType.length, etag: '', modifiedMs: 0 };
  await put(object.key, everyType);
  await expect(objects.readColumns(object, AbortSignal.abort())).rejects.toThrow('could not read');
});
