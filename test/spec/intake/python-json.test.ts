import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, maxDepth } from '../../../src/intake/python-json.ts';
import { damagedDocument, jsonDocument } from './json-documents.ts';
import { dumpsOfLoads } from './python.ts';
import { recordedV1 } from './recorded-webhooks.ts';

function textOf(body: string | Uint8Array): string | null {
  const canonical = canonicalJson(Buffer.from(body));
  return canonical.ok ? canonical.text : null;
}

function faultOf(body: string | Uint8Array): string {
  const canonical = canonicalJson(Buffer.from(body));
  return canonical.ok ? 'accepted' : canonical.reason;
}

/** Ours beside Python's, only where they differ. */
function differences(bodies: readonly Buffer[]) {
  const python = dumpsOfLoads(bodies);
  expect(python).toHaveLength(bodies.length);
  return bodies
    .map((body, index) => ({ body: body.toString('latin1'), ours: textOf(body), python: python[index] }))
    .filter(({ ours, python: theirs }) => ours !== theirs);
}

describe('the canonical form is what Python makes of the body', () => {
  it('for every recorded webhook', () => {
    expect(differences(recordedV1.map(({ body }) => body))).toEqual([]);
  });

  it('for any JSON document', { timeout: 60_000 }, () => {
    const documents = fc.sample(jsonDocument, 3000).map((text) => Buffer.from(text));
    expect(new Set(documents.map(textOf)).size).toBeGreaterThan(1000);
    expect(documents.map(faultOf).filter((fault) => fault !== 'accepted')).toEqual([]);
    expect(differences(documents)).toEqual([]);
  });

  it('for damaged documents too, which it refuses when Python does', { timeout: 60_000 }, () => {
    const documents = fc.sample(damagedDocument, 3000);
    expect(documents.filter((body) => textOf(body) === null).length).toBeGreaterThan(500);
    expect(differences(documents)).toEqual([]);
  });

  it('for every UTF-16 code unit, written and escaped', () => {
    const units = Array.from({ length: 0x10000 }, (_, unit) => unit);
    const escaped = units.map((unit) => `"\\u${unit.toString(16).padStart(4, '0')}"`);
    const written = units
      .filter((unit) => unit >= 0x20 && unit !== 0x22 && unit !== 0x5c && (unit < 0xd800 || unit > 0xdfff))
      .map((unit) => `"${String.fromCharCode(unit)}"`);
    expect(differences([...escaped, ...written].map((text) => Buffer.from(text)))).toEqual([]);
  });

  it('for floats on both sides of every power of ten', () => {
    const floats = Array.from({ length: 60 }, (_, index) => index - 30).flatMap((power) =>
      ['1', '9.999999999999999', '1.0000000000000002', '-2.5'].map((digits) => `${digits}e${power}`),
    );
    expect(differences(floats.map((text) => Buffer.from(text)))).toEqual([]);
  });
});

describe('some forms by example', () => {
  it.each([
    ['{"b":1,"a":2,"b":3}', '{"b": 3, "a": 2}', 'a repeated key: last value, first place'],
    ['{"__proto__":1}', '{"__proto__": 1}', 'a key with a meaning in JavaScript'],
    ['{"2":0,"1":0}', '{"2": 0, "1": 0}', 'keys that JavaScript would sort'],
    ['123456789012345678901234567890', '123456789012345678901234567890', 'an integer beyond a double'],
    ['[-0,-0.0,1e5,1E400,1e16,0.00001]', '[0, -0.0, 100000.0, Infinity, 1e+16, 1e-05]', 'numbers'],
    ['"/\u007f\u00e9😀"', '"/\\u007f\\u00e9\\ud83d\\ude00"', 'DEL and non-ASCII'],
    ['"\\uD800"', '"\\ud800"', 'a lone surrogate'],
    [' [ ] ', '[]', 'white space'],
  ])('%s becomes %s (%s)', (body, text) => {
    expect(textOf(body)).toBe(text);
  });

  it('gives the parsed value beside the text', () => {
    expect(canonicalJson(Buffer.from('{"a":[1,"é"]}'))).toEqual({
      ok: true,
      text: '{"a": [1, "\\u00e9"]}',
      value: { a: [1, 'é'] },
    });
  });

  it('copies an integer that Python would refuse for its length', () => {
    const long = '7'.repeat(5000);
    expect(textOf(long)).toBe(long);
  });
});

describe('what is refused', () => {
  it.each(['NaN', '-Infinity', '\ufeff{}', '', '{"a":1,}', '[1]x', '01', '"\u0001"', "{'a':1}"])(
    'not JSON: %j',
    (body) => expect(faultOf(body)).toBe('not-json'),
  );

  it.each([
    ['a stray byte', [0x22, 0xff, 0x22]],
    ['an overlong form', [0x22, 0xc0, 0x80, 0x22]],
    ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut character', [0x22, 0xc3]],
  ])('not UTF-8: %s', (_, bytes) => expect(faultOf(Uint8Array.from(bytes))).toBe('not-utf8'));

  it('nesting beyond the limit, and not one level less', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(faultOf(nested(maxDepth))).toBe('accepted');
    expect(faultOf(nested(maxDepth + 1))).toBe('too-deep');
    expect(faultOf(`{"a":${nested(maxDepth)}}`)).toBe('too-deep');
  });

  it('counts no bracket inside a string', () => {
    expect(faultOf(JSON.stringify(`\\"${'[{'.repeat(1000)}`))).toBe('accepted');
  });
});

describe('1 MiB of anything is done in linear time', () => {
  const size = 1 << 20;
  // A quadratic step on any of these would take minutes.
  it.each([
    ['open brackets', '['.repeat(size)],
    ['closed brackets', '['.repeat(size / 2) + ']'.repeat(size / 2)],
    ['one string', `"${'数'.repeat(size / 4)}"`],
    ['an unclosed string of backslashes', `"${'\\'.repeat(size)}`],
    ['escapes', `"${'\\n'.repeat(size / 2)}"`],
    ['one integer', '9'.repeat(size)],
    ['one float', `0.${'9'.repeat(size)}`],
    ['small items', `[${'"",'.repeat(size / 4)}1e5]`],
    ['one key again and again', `{${'"a":1,'.repeat(size / 8)}"a":2}`],
    ['white space', `[${' \n'.repeat(size / 2)}]`],
    ['text at the bottom of deep nesting', `${'['.repeat(99)}"${'a'.repeat(size)}"${',1]'.repeat(99)}`],
  ])('%s', (_, body) => {
    const start = performance.now();
    expect(typeof faultOf(body)).toBe('string');
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
