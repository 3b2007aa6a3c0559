import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HomeName, homeNamesFor, isHomeName, schemaNameOf } from '../../../src/model/home.ts';

const id = '646f84b5-c8ae-4627-a03b-015f8eccad45';

describe('the name of a home', () => {
  test.each([
    '.',
    '..',
    '.env',
    '.archive',
    '-a',
    '--',
    'a..b',
    'a.',
    'provisioner-canary',
    '',
    'A',
    'a/b',
    'a b',
    'a\n',
    'a+b',
    'a=b',
    'a,b',
    'a@b',
  ])('is never %j', (namespace) => {
    expect(isHomeName(namespace)).toBe(false);
    expect(homeNamesFor({ id, namespace })[0]).toBe('product-646f84b5');
  });

  test.each(['sales-leads', 'a', '1a', 'a.b', 'a_b', 'a-', 'con'])(
    'is the namespace %j itself',
    (namespace) => {
      expect(homeNamesFor({ id, namespace })[0]).toBe(namespace);
    },
  );

  test('is a single, harmless path segment whatever the portal lets through', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 70 }), (namespace) => {
        const names = homeNamesFor({ id, namespace });
        expect(names.length).toBeGreaterThan(1);
        for (const name of names) {
          expect(name).toMatch(/^[a-z0-9][a-z0-9._-]{0,63}$/);
          expect(name).not.toContain('..');
        }
      }),
    );
  });

  test('makes an SQL identifier', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/).filter(isHomeName), (name) => {
        expect(schemaNameOf(name)).toMatch(/^[a-z_][a-z0-9_]*$/);
      }),
    );
  });

  test('makes no SQL identifier that is a word of SQL', () => {
    expect(['select', 'order', '1st'].map((name) => schemaNameOf(name as HomeName))).toEqual([
      'p_select',
      'order',
      'p_1st',
    ]);
  });
});
