/** Helpers of templates against the languages themselves: whatever a product is called, what is rendered reads back as that. */
import { execFileSync } from 'node:child_process';
import { PGlite } from '@electric-sql/pglite';
import fc from 'fast-check';
import { parse as parseToml } from 'smol-toml';
import { expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { plain, py, r, sh, sqlname, sqltext, toml, yaml } from '../../../src/workspace/escape.ts';

/** Any text, hostile ones more often. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '"; DROP TABLE x',
    '{{x}}',
    "O'Brien",
    'a\nb\r\nc',
    '\\n',
    '$(rm -rf /)',
    '\u2028',
    '😀',
    "''",
    '""',
  ),
);
const withoutNul = text.map((value) => value.replaceAll('\0', ''));

test('a text in TOML reads back as it is', () => {
  fc.assert(
    fc.property(text, (value) => {
      expect(parseToml(`x = ${toml(value)}`)).toEqual({ x: value.toWellFormed() });
    }),
  );
});

test('what is left of a text as plain words means nothing to any language, also inside quotes', () => {
  const anywhere = text.map((value) => `x${value}`);
  fc.assert(
    fc.property(anywhere, (value) => {
      const words = plain(value);
      expect(words).toMatch(/^[\p{L}\p{N}][\p{L}\p{M}\p{N}.,_ -]*$/u);
      expect(words).not.toContain('--');
      for (const quote of ['"', "'", '']) expect(parseYaml(`${quote}${words}${quote}`)).toBe(words);
    }),
  );
});

test('a text in YAML reads back as it is', () => {
  fc.assert(
    fc.property(text, (value) => {
      expect(parseYaml(`x: ${yaml(value)}`)).toEqual({ x: value });
    }),
  );
});

test('texts in Python and shell read back as they are, but for line breaks in a shell word', () => {
  const values = fc.sample(withoutNul, 200);
  const program = `import json,sys\nsys.stdout.write(json.dumps([${values.map(py).join(',')}]))`;
  expect(JSON.parse(execFileSync('python3', ['-c', program], { encoding: 'utf8' }))).toEqual(values);
  const lines = values.map((value) => value.replace(/[\r\n\0]+/g, ' '));
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${values.map(sh).join(' ')}`], {
    encoding: 'utf8',
  });
  expect(printed.split('\0').slice(0, -1)).toEqual(lines);
});

test('names and texts in SQL read back as they are', async () => {
  await using engine = await PGlite.create();
  // The engine cuts names at 63 bytes (PostgreSQL documentation).
  const values = fc.sample(withoutNul, 60).filter((value) => value !== '' && Buffer.byteLength(value) < 60);
  for (const value of values) {
    const { rows } = await engine.query(`select ${sqltext(value)} as ${sqlname(value)}`);
    expect(rows).toEqual([{ [value]: value }]);
  }
});

test('a text in R is one string, whatever is in it', () => {
  expect([r('a"b'), r('a\nb'), r('\\'), r('\0')]).toEqual(['"a\\"b"', '"a\\nb"', '"\\\\"', '""']);
});
