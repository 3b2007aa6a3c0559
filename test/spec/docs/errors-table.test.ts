import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorCatalogue } from '../../../src/model/errors.ts';

/** Rows of the table in docs/errors.md: code, meaning, needs, what to do. */
const rows = [
  ...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([A-Z_]+)` \|(.*)\|(.*)\|(.*)\|$/gm),
].map(([, code = '', meaning = '', needs = '', cure = '']) => ({
  code,
  meaning: meaning.trim(),
  needs: needs.trim(),
  cure: cure.trim(),
}));

describe('docs/errors.md', () => {
  test('lists every code of the catalogue in its order, with its meaning and what it needs', () => {
    const wanted = Object.entries(errorCatalogue).map(([code, { meaning, needs }]) => ({
      code,
      meaning,
      needs: needs === 'time' ? 'time' : `a ${needs}`,
    }));
    expect(rows.map(({ code, meaning, needs }) => ({ code, meaning, needs }))).toEqual(wanted);
  });

  test('says for each code what to do', () => {
    expect(rows.filter(({ cure }) => cure.length < 20)).toEqual([]);
  });
});
