import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorCatalogue } from '../../../src/model/errors.ts';

/** Rows of the table in docs/errors.md: code, meaning, tried again, what to do. */
const rows = [
  ...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([A-Z_]+)` \|(.*)\|(.*)\|(.*)\|$/gm),
].map(([, code = '', meaning = '', retryable = '', cure = '']) => ({
  code,
  meaning: meaning.trim(),
  retryable: retryable.trim(),
  cure: cure.trim(),
}));

describe('docs/errors.md', () => {
  test('lists every code of the catalogue in its order, with its meaning and whether it is tried again', () => {
    const wanted = Object.entries(errorCatalogue).map(([code, { meaning, retryable }]) => ({
      code,
      meaning,
      retryable: retryable ? 'yes' : 'no',
    }));
    expect(rows.map(({ code, meaning, retryable }) => ({ code, meaning, retryable }))).toEqual(wanted);
  });

  test('says for each code what to do', () => {
    expect(rows.filter(({ cure }) => cure.length < 20)).toEqual([]);
  });
});
