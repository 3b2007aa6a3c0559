/**
 * The form of a JSON body that the portal signs: what CPython's `json.dumps(json.loads(body))` prints. Made from the
 * raw tokens, not from parsed values, because JavaScript would lose digits of large integers, `1.0` and `-0.0`.
 *
 * `JSON.parse` is the judge of the grammar, so we are stricter than Python in four places, none of which the portal's
 * HTTP client can send: `NaN` and `Infinity` literals, a byte order mark, UTF-16/32 or surrogates in UTF-8, and more
 * than `maxDepth` levels. In one place we are laxer: integers of more than 4,300 digits, which Python's default limit
 * refuses because converting them is slow. We copy them as they stand, which is exact and costs nothing.
 */

/** A portal message is one or two levels deep; Python itself gives up near 1,000. */
export const maxDepth = 100;

/** `not-utf8`, `not-json` or `too-deep` (more than `maxDepth` levels). Holds nothing of the body. */
export type JsonFault = 'not-utf8' | 'not-json' | 'too-deep';

export type CanonicalJson =
  | { readonly ok: true; readonly text: string; readonly value: unknown }
  | { readonly ok: false; readonly reason: JsonFault };

/**
 * Parses a body and re-serialises it as Python does, in linear time and bounded stack.
 *
 * @returns `text`: pure ASCII, `", "` and `": "` between items; `value`: what `JSON.parse` makes of the body (numbers
 *   as JavaScript has them). Never throws: a faulty body is a value with a reason.
 * @example canonicalJson(Buffer.from('{"a":[1e5,"é"]}')) // text: {"a": [100000.0, "\u00e9"]}
 */
export function canonicalJson(raw: Uint8Array): CanonicalJson {
  const source = decodeUtf8(raw);
  if (source === undefined) return { ok: false, reason: 'not-utf8' };
  if (isTooDeep(source)) return { ok: false, reason: 'too-deep' };
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    // The error quotes the body, so it goes no further.
    return { ok: false, reason: 'not-json' };
  }
  return { ok: true, text: new Rewriter(source).value(), value };
}

function decodeUtf8(raw: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    return undefined;
  }
}

const quote = '"'.charCodeAt(0);
const backslash = '\\'.charCodeAt(0);

/** Index just behind the string that opens at `start`, or the end of the source when it is never closed. */
function endOfString(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at += 1) {
    const code = source.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === backslash) at += 1;
  }
  return source.length;
}

/** Asked before anything is built: a body of a million brackets is refused within a hundred characters. */
function isTooDeep(source: string): boolean {
  let depth = 0;
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at];
    if (char === '"') at = endOfString(source, at) - 1;
    else if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth -= 1;
    if (depth > maxDepth) return true;
  }
  return false;
}

/** Walks a source that is known to be valid JSON of bounded depth; hence no error cases and plain recursion. */
class Rewriter {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  value(): string {
    const char = this.#peek();
    if (char === '{') return this.#object();
    if (char === '[') return this.#array();
    return char === '"' ? this.#string() : this.#scalar();
  }

  /** A repeated key keeps its first place and takes the last value, as a Python dict and a `Map` both do. */
  #object(): string {
    const members = new Map<string, string>();
    this.#at += 1;
    while (this.#peek() !== '}') {
      this.#skip(',');
      const key = this.#string();
      this.#skip(':');
      members.set(key, this.value());
    }
    this.#at += 1;
    return `{${Array.from(members, ([key, value]) => `${key}: ${value}`).join(', ')}}`;
  }

  #array(): string {
    const items: string[] = [];
    this.#at += 1;
    while (this.#peek() !== ']') {
      this.#skip(',');
      items.push(this.value());
    }
    this.#at += 1;
    return `[${items.join(', ')}]`;
  }

  #string(): string {
    this.#peek();
    const start = this.#at;
    this.#at = endOfString(this.#source, start);
    return pythonString(this.#source.slice(start, this.#at));
  }

  /** A number, `true`, `false` or `null`: all that runs up to the next separator. */
  #scalar(): string {
    const start = this.#at;
    while (this.#at < this.#source.length && !scalarEnd.has(this.#source[this.#at])) this.#at += 1;
    const token = this.#source.slice(start, this.#at);
    return /^[-\d]/.test(token) ? pythonNumber(token) : token;
  }

  #skip(separator: string): void {
    if (this.#peek() === separator) this.#at += 1;
  }

  /** The next character that is not white space; the position moves to it. */
  #peek(): string | undefined {
    while (whiteSpace.has(this.#source[this.#at])) this.#at += 1;
    return this.#source[this.#at];
  }
}

const whiteSpace = new Set<string | undefined>([' ', '\t', '\n', '\r']);
const scalarEnd = new Set<string | undefined>([...whiteSpace, ',', ']', '}']);

/**
 * A string token as Python prints it: everything outside 0x20-0x7e (0x7f too) escaped in lower case. `JSON.stringify`
 * already has Python's short forms and escapes lone surrogates; halves of a pair are escaped one by one.
 */
function pythonString(token: string): string {
  if (/^[ -[\]-~]*$/.test(token)) return token;
  return JSON.stringify(JSON.parse(token)).replace(/[\u007f-\uffff]/g, escapeUnit);
}

/** `\uXXXX` of one UTF-16 code unit; the leading 1 keeps the zeros. */
function escapeUnit(unit: string): string {
  return `\\u${(0x10000 + unit.charCodeAt(0)).toString(16).slice(1)}`;
}

/** A number token as Python prints it: `int` keeps every digit, `float` is printed as its `repr`. */
function pythonNumber(token: string): string {
  if (!/[.eE]/.test(token)) return token === '-0' ? '0' : token;
  return pythonFloat(Number(token));
}

/** Both languages print the shortest digits that read back as the same double; only the notation differs. */
function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const scientific = value.toExponential();
  const exponent = Number(scientific.slice(scientific.indexOf('e') + 1));
  // Python's limits (float_repr_style short); JavaScript's own are 1e-7 and 1e21.
  if (exponent < -4 || exponent >= 16) return scientific.replace(/e([+-])(\d)$/, 'e$10$2');
  const fixed = String(value);
  return fixed.includes('.') ? fixed : `${fixed}.0`;
}
