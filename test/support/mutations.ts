/** Damage for fuzz runs: what people, proxies and other versions make of a text or a JSON value. */
import fc from 'fast-check';

/** Tries of a fuzz run; more by hand: `PROV_FUZZ_RUNS=20000`. */
export const fuzzRuns = (usual: number): number => Number(process.env.PROV_FUZZ_RUNS ?? usual);

/** Values that stand in nobody's schema, or almost. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e308,
    '',
    '..',
    '../../etc/passwd',
    '.env',
    '__proto__',
    'constructor',
    '\u0000',
    '\ud800',
    '*',
    ['$', '{aws:username}'].join(''),
    '2026-13-45',
    [],
    {},
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

/** The value with one or several parts exchanged, left out, added or doubled. */
export function damaged(value: unknown): fc.Arbitrary<unknown> {
  return fc
    .array(fc.tuple(fc.nat(), fc.constantFrom('exchange', 'leave-out', 'add', 'double'), odd), {
      minLength: 1,
      maxLength: 4,
    })
    .map((changes) =>
      changes.reduce(
        (current, [at, how, by]) => changeAt(current, at, how, structuredClone(by)),
        structuredClone(value),
      ),
    );
}

function changeAt(value: unknown, at: number, how: string, by: unknown): unknown {
  const places = containersOf(value);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return by;
  const keys = Object.keys(place);
  const key = keys[at % Math.max(1, keys.length)] ?? 'new';
  const fields = place as Record<string, unknown>;
  if (how === 'exchange') define(fields, key, by);
  else if (how === 'leave-out') delete fields[key];
  else if (how === 'double' && Array.isArray(place)) place.push(...place.slice(0, 20));
  else define(fields, typeof by === 'string' ? by : 'new', by);
  return value;
}

/** Also `__proto__` is a field of JSON. */
function define(fields: object, key: string, value: unknown): void {
  if (Array.isArray(fields) && !/^\d+$/.test(key)) fields.push(value);
  else Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true });
}

function containersOf(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(containersOf)];
}

/** The text with bytes exchanged, cut off, doubled or put in. */
export function damagedText(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat({ max: text.length }), fc.nat({ max: 30 }), fc.string({ unit: 'binary', maxLength: 12 }))
    .map(([at, length, by]) => text.slice(0, at) + by + text.slice(at + length));
}
