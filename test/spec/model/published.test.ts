import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { publishedTable, sqlTypeOf } from '../../../src/model/published.ts';

describe('a type as people write it', () => {
  test.each([
    ['INT', 'integer'],
    ['numeric(18,2)', 'decimal(18, 2)'],
    ['Decimal( 9 )', 'decimal(9, 0)'],
    ['varchar(20)', 'varchar'],
    ['string', 'varchar'],
    ['TIMESTAMP  WITH TIME ZONE', 'timestamp with time zone'],
    ['timestamp(3) with time zone', 'timestamp with time zone'],
    ['timestamptz', 'timestamp with time zone'],
  ])('%s is %s', (text, type) => expect(sqlTypeOf(text)).toBe(type));

  test.each([
    '',
    'decimal(39, 2)',
    'decimal(3, 4)',
    'decimal',
    'row(a integer)',
    'constructor',
    'integer; drop',
  ])('%j is none that can stand in SQL', (text) => expect(sqlTypeOf(text)).toBeNull());

  test('never comes back with anything but letters, digits, blanks and one pair of brackets', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(sqlTypeOf(text) ?? 'date').toMatch(/^[a-z ]+(\(\d+, \d+\))?$/);
      }),
    );
  });
});

describe('a published table', () => {
  const column = (name: string, type: string | null = 'integer') => ({ name, type, description: '' });

  test('is typed when each column is', () => {
    expect(publishedTable('t', '', [column('a'), column('b')]).typed).toBe(true);
    expect(publishedTable('t', '', [column('a'), column('b', null)]).typed).toBe(false);
    expect(publishedTable('t', '', []).typed).toBe(false);
  });

  test('has each name once, and none that no file could hold', () => {
    const table = publishedTable('t', '', [
      column('a'),
      column('A'),
      column('b\nc'),
      column(''),
      column('d'),
    ]);
    expect(table.columns.map(({ name }) => name)).toEqual(['a', 'd']);
    expect(table.typed).toBe(false);
  });

  test('cuts descriptions that nobody would read', () => {
    expect(publishedTable('t', 'x'.repeat(5000), []).description).toHaveLength(1001);
  });
});
