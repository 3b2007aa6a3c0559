/** Checks a call's path and body, and words the faults as pydantic does. */
import { z } from 'zod';
import { type Fault, InvalidCall } from './problem.ts';

/** Pydantic takes any 128 bits for a UUID, whatever their version. */
export const Uuid = z.guid();

/** What pydantic says about a text that is no UUID. */
function uuidFault(loc: Fault['loc'], input: string): Fault {
  const at = [...input].findIndex((character) => !/[0-9a-fA-F-]/.test(character));
  const error =
    at >= 0
      ? `invalid character: found \`${[...input][at]}\` at ${at + 1}`
      : `invalid length: expected length 32 for simple format, found ${input.length}`;
  return {
    type: 'uuid_parsing',
    loc,
    msg: `Input should be a valid UUID, ${error}`,
    input,
    ctx: { error },
  };
}

/** Faults of the path's ids; other path values can be any text. */
function pathFaults(path: Readonly<Record<string, string>>): readonly Fault[] {
  return Object.entries(path)
    .filter(([name, value]) => /(^|_)id$/.test(name) && !Uuid.safeParse(value).success)
    .map(([name, value]) => uuidFault(['path', name], value));
}

/** The value at a path inside the body. */
const valueAt = (body: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    body,
  );

const orList = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const typeFaults: Readonly<Record<string, readonly [type: string, msg: string]>> = {
  string: ['string_type', 'Input should be a valid string'],
  array: ['list_type', 'Input should be a valid list'],
  int: ['int_type', 'Input should be a valid integer'],
  number: ['int_type', 'Input should be a valid integer'],
  boolean: ['bool_type', 'Input should be a valid boolean'],
  object: ['model_attributes_type', 'Input should be a valid dictionary or object to extract fields from'],
};

/** One of zod's findings in pydantic's words. */
function faultOf(issue: z.core.$ZodIssue, body: unknown): Fault {
  const loc = ['body', ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  const input = valueAt(body, issue.path);
  if (input === undefined) {
    return { type: 'missing', loc, msg: 'Field required', input: valueAt(body, issue.path.slice(0, -1)) };
  }
  if (issue.code === 'invalid_format' && typeof input === 'string') return uuidFault(loc, input);
  if (issue.code === 'invalid_value') {
    const expected = orList(issue.values.map((value) => `'${String(value)}'`));
    return { type: 'enum', loc, msg: `Input should be ${expected}`, input, ctx: { expected } };
  }
  if (issue.code === 'too_small' && Array.isArray(input)) {
    const msg = `List should have at least ${issue.minimum} item after validation, not ${input.length}`;
    const ctx = { field_type: 'List', min_length: issue.minimum, actual_length: input.length };
    return { type: 'too_short', loc, msg, input, ctx };
  }
  if (issue.code === 'custom') {
    return { type: 'value_error', loc, msg: `Value error, ${issue.message}`, input, ctx: { error: {} } };
  }
  const [type, msg] = typeFaults[issue.code === 'invalid_type' ? issue.expected : ''] ?? [
    issue.code,
    issue.message,
  ];
  return { type, loc, msg, input };
}

/** The text of a request, as JSON when it says so; FastAPI takes any other content type for a plain text. */
function readBody(text: string, contentType: string | undefined): unknown {
  if (!/^application\/(.*\+)?json\b/i.test(contentType ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    const ctx = { error: 'Expecting value' };
    throw new InvalidCall(
      [{ type: 'json_invalid', loc: ['body', 0], msg: 'JSON decode error', input: {}, ctx }],
      text,
    );
  }
}

/**
 * The body as its schema gives it.
 *
 * @throws InvalidCall with the faults of path and body together.
 */
export function checkCall<Body>(
  schema: z.ZodType<Body> | undefined,
  call: {
    readonly path: Readonly<Record<string, string>>;
    readonly text: string;
    readonly contentType: string | undefined;
  },
): Body | undefined {
  const faults = pathFaults(call.path);
  if (schema === undefined) {
    if (faults.length > 0) throw new InvalidCall(faults, null);
    return undefined;
  }
  if (call.text === '') {
    const nothing: Fault = { type: 'missing', loc: ['body'], msg: 'Field required', input: null };
    throw new InvalidCall([...faults, nothing], null);
  }
  const body = readBody(call.text, call.contentType);
  const result = schema.safeParse(body);
  const all = [...faults, ...(result.error?.issues.map((issue) => faultOf(issue, body)) ?? [])];
  if (all.length > 0) throw new InvalidCall(all, body);
  return result.data;
}
