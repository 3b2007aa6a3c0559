import { expect, test } from 'vitest';
import { tablesOf } from '../../../src/storage/tables.ts';

const object = (key: string, modifiedMs = 0) => ({
  key: `home/output/${key}`,
  size: 1,
  etag: key,
  modifiedMs,
});
const found = (...objects: ReturnType<typeof object>[]) =>
  tablesOf('home/output/', objects).map(({ name, newest }) => [name, newest?.etag ?? null]);

test('a table is a folder, known by its newest data file', () => {
  const objects = [
    object('a/1.parquet', 1),
    object('a/2.parquet', 3),
    object('a/3.parquet', 2),
    object('b/x'),
  ];
  expect(found(...objects)).toEqual([
    ['a', 'a/2.parquet'],
    ['b', 'b/x'],
  ]);
});

test('what readers skip is no data: marks, deeper folders, and the folder itself', () => {
  expect(found(object('a/_SUCCESS'), object('a/.crc'), object('a/day=1/x'), object('a/'))).toEqual([
    ['a', null],
  ]);
});

test('what is no folder, or has a name that no file should hold, is no table', () => {
  expect(found(object('readme.txt'), object("it's/x"), object('{{x}}/x'), object('../x'))).toEqual([]);
});
