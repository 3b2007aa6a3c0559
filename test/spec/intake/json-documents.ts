/** Arbitrary JSON documents as texts, with all that a parsed value would not show: spelling, spaces, repeated keys. */
import fc from 'fast-check';

const space = fc.constantFrom('', '', '', ' ', '\n', '\r\n\t ');

const digits = fc.stringMatching(/^[0-9]{1,25}$/);
const integer = fc.oneof(
  fc.constantFrom('0', '-0'),
  fc.tuple(fc.constantFrom('', '-'), fc.stringMatching(/^[1-9][0-9]{0,40}$/)).map((parts) => parts.join('')),
);
const float = fc.oneof(
  fc
    .tuple(
      integer,
      digits,
      fc.constantFrom('', 'e', 'E', 'e+', 'e-', 'E-0'),
      fc.integer({ min: 0, max: 330 }),
    )
    .map(([whole, part, e, power]) => `${whole}.${part}${e === '' ? '' : e + power}`),
  fc.tuple(integer, fc.integer({ min: -20, max: 25 })).map(([whole, power]) => `${whole}e${power}`),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toExponential()),
  fc.constantFrom(
    '1e400',
    '-1E400',
    '1e-400',
    '-0.0',
    '0e0',
    '5e-324',
    '1e16',
    '9999999999999998.0',
    '1e-5',
    '0.0001',
  ),
);

/** One character of a string token, in one of the spellings that JSON allows. */
const spelled = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).map((char) => JSON.stringify(char).slice(1, -1)),
  fc.constantFrom(
    '\\/',
    '/',
    '\\u007f',
    '\u007f',
    '\u0080',
    '\u2028',
    '\\ud83d\\ude00',
    '😀',
    '\\uD83D',
    '\\udE00',
    '\\b',
  ),
  fc.stringMatching(/^\\u[0-9a-fA-F]{4}$/),
);
const string = fc.array(spelled, { maxLength: 8 }).map((parts) => `"${parts.join('')}"`);
/** So few that repeated keys are common, one of them in two spellings. */
const key = fc.oneof(fc.constantFrom('"a"', '"\\u0061"', '"1"', '"__proto__"', '""'), string);

/** A JSON document; nesting stays far below the limit. */
export const jsonDocument: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => {
  const padded = fc.tuple(space, tie('value'), space).map((parts) => parts.join(''));
  const member = fc.tuple(space, key, space, padded).map(([a, name, b, value]) => `${a}${name}${b}:${value}`);
  return {
    value: fc.oneof(
      { maxDepth: 6, depthSize: 'medium' },
      fc.oneof(integer, float, string, fc.constantFrom('true', 'false', 'null')),
      fc.tuple(space, fc.array(padded, { maxLength: 5 })).map(([a, items]) => `[${items.join(',') || a}]`),
      fc.tuple(space, fc.array(member, { maxLength: 6 })).map(([a, items]) => `{${items.join(',') || a}}`),
    ),
  };
}).value;

/** A document with a few bytes changed, cut or put in: mostly no JSON any more, sometimes another document. */
export const damagedDocument: fc.Arbitrary<Buffer> = fc
  .tuple(
    jsonDocument,
    fc.nat(),
    fc.nat({ max: 2 }),
    fc.oneof(
      fc.uint8Array({ maxLength: 2 }),
      fc
        .constantFrom('NaN', '-Infinity', '\ufeff', ',', '"', '\\', '0', '.', 'e', ']', '\u00a0', '\f')
        .map((text) => Buffer.from(text)),
    ),
  )
  .map(([text, position, cut, inserted]) => {
    const body = Buffer.from(text);
    const at = position % (body.length + 1);
    return Buffer.concat([body.subarray(0, at), inserted, body.subarray(at + cut)]);
  });
